import type { Hono } from 'hono';
import * as v from 'valibot';
import { DRILL_DEFAULTS, startDrill } from '../../drill/start.ts';
import { counted } from '../../format.ts';
import { LOAD_DEFAULTS, startLoad } from '../../load/start.ts';
import { hasSandbox, isGatewayDown, setGatewayDown } from '../../sandbox/gateway.ts';
import type { ProgressEvent } from '../../steps.ts';
import {
  BOUNDS,
  type DrillSummary,
  type Hindrance,
  type LoadSummary,
  type TrafficDetail,
  type TrafficState,
  type TrafficStep,
} from '../api/traffic.ts';
import { action } from './actions.ts';
import type { Console } from './console.ts';
import type { Job } from './jobs.ts';
import { SeriesCollector } from './traffic-series.ts';

const REFUSALS: Record<Hindrance, string> = {
  'real-gateway': 'This shop charges through a real payment gateway: nothing is made up here.',
  'real-texts': 'On AWS texts are real: npm run ops -- load --phone names the number that gets them.',
  'not-local': 'A drill texts made-up numbers, so it is for an engine on this machine only.',
  'gateway-down': 'The payment gateway is down already: bring it back first.',
  running: 'A load or a drill is running: stop it, or wait until it has ended.',
};

/** How many problems a result has at most; all of them are in what the command prints. */
const MAX_PROBLEMS = 200;

const within = ({ min, max }: { min: number; max: number }) =>
  v.pipe(
    v.number(),
    v.integer('must be a whole number'),
    v.minValue(min, `must be ${min} or more`),
    v.maxValue(max, `must be ${max} or less`),
  );

/** Adds what the page `traffic` shows and starts. */
export function trafficRoutes(app: Hono, console: Console): void {
  app.get('/api/traffic', async (context) => context.json(await readState(console)));
  action(app, console, {
    path: '/api/traffic/gateway',
    body: v.object({ down: v.boolean() }),
    logged: (input) => input,
    async run({ down }) {
      await setGatewayDown(console.shop, down);
      return readState(console);
    },
  });
  action(app, console, {
    path: '/api/traffic/load',
    body: v.object({ rate: within(BOUNDS.rate), count: within(BOUNDS.count) }),
    logged: (input) => input,
    async run({ rate, count }) {
      refuse((await readState(console)).load);
      return console.jobs.start({ kind: 'load', title: `Load: ${counted(count, 'order')}, ${rate} a second` }, (job) =>
        runLoadJob(console, { rate, count }, job),
      );
    },
  });
  action(app, console, {
    path: '/api/traffic/drill',
    body: v.object({ orders: within(BOUNDS.orders), outageSeconds: within(BOUNDS.outageSeconds) }),
    logged: (input) => input,
    async run({ orders, outageSeconds: outage }) {
      refuse((await readState(console)).drill);
      return console.jobs.start(
        { kind: 'drill', title: `Drill: ${counted(orders, 'order')}, ${outage} s without a payment gateway` },
        (job) => runDrillJob(console, { orders, outage }, job),
      );
    },
  });
}

function refuse(hindrance: Hindrance | null): void {
  if (hindrance !== null) throw new Error(REFUSALS[hindrance]);
}

async function readState({ shop, jobs }: Console): Promise<TrafficState> {
  const sandbox = hasSandbox(shop);
  const gatewayDown = await isGatewayDown(shop);
  const running = jobs.views().some(({ kind, state }) => state === 'running' && (kind === 'load' || kind === 'drill'));
  return { sandbox, gatewayDown, ...hindrances({ sandbox, local: shop.local, gatewayDown, running }) };
}

/** Tells why a load or a drill may not be started; `null` where it may. */
export function hindrances({
  sandbox,
  local,
  gatewayDown,
  running,
}: Pick<TrafficState, 'sandbox' | 'gatewayDown'> & { local: boolean; running: boolean }): Pick<
  TrafficState,
  'load' | 'drill'
> {
  if (!sandbox) return { load: 'real-gateway', drill: 'real-gateway' };
  if (!local) return { load: 'real-texts', drill: 'not-local' };
  if (running) return { load: 'running', drill: 'running' };
  return { load: null, drill: gatewayDown ? 'gateway-down' : null };
}

async function runLoadJob(
  { shop }: Console,
  { rate, count }: { rate: number; count: number },
  job: Job,
): Promise<LoadSummary> {
  const { onProgress } = listeners(job, count);
  const request = { ...LOAD_DEFAULTS, rate, count };
  const { series: _, ...result } = await startLoad(shop, request, { signal: job.signal, onProgress });
  return { ...result, bookProblems: result.bookProblems.slice(0, MAX_PROBLEMS) };
}

async function runDrillJob(
  { shop }: Console,
  { orders, outage }: { orders: number; outage: number },
  job: Job,
): Promise<DrillSummary> {
  const { onProgress: onSample, onStep: onProgress } = listeners(job, orders);
  const request = { ...DRILL_DEFAULTS, orders, outage };
  try {
    const result = await startDrill(shop, request, { signal: job.signal, onProgress, onSample });
    const { problems, waitingOrders } = result;
    return {
      ...result,
      problems: problems.slice(0, MAX_PROBLEMS),
      waitingOrders: waitingOrders.slice(0, MAX_PROBLEMS),
    };
  } catch (error) {
    if (job.signal.aborted) job.progress({ text: 'The gateway is back, and what was published finishes by itself.' });
    throw error;
  }
}

/** Returns what turns the progress of a load or a drill into that of its job. */
function listeners(job: Job, planned: number) {
  const collector = new SeriesCollector();
  let steps: TrafficStep[] = [];
  let latest = { published: 0, decided: 0 };
  const report = () => {
    const { published, decided } = latest;
    const detail: TrafficDetail = { planned, published, decided, steps, series: collector.series() };
    const text = `${published} of ${planned} published, ${decided} decided`;
    job.progress({ done: decided, total: planned, text, detail });
  };
  return {
    onProgress(progress: Parameters<SeriesCollector['add']>[0]) {
      collector.add(progress);
      latest = progress;
      report();
    },
    onStep(event: ProgressEvent) {
      if (event.kind === 'notice') return;
      const { step, kind: state } = event;
      steps = [...steps.filter((one) => one.step !== step), { step, state }];
      report();
    },
  };
}
