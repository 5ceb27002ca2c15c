import { buildEvent } from '../../contracts/cloud-event.ts';
import { orderProgressed } from '../../contracts/lifecycle.ts';
import { paymentAuthorized } from '../../contracts/payment.ts';
import { temporaryFolder } from '../../test/harness/engine.ts';
import { sqsEvent } from '../../test/harness/sqs-event.ts';
import { type Bundle, bundleFunction } from '../bundles.ts';
import { type Contestant, type Figure, measure, type Section } from '../figure.ts';
import { createWorkload, placedMessages } from '../workload.ts';
import { functionNames, ourBundles } from './cold-start/bundles.ts';
import { createStarter } from './cold-start/start.ts';
import type { Start } from './cold-start/start-process.ts';
import { startStubServer } from './cold-start/stub-server.ts';

/** Processes per value, of which the fastest counts. */
const PROCESSES = 5;
/** The functions of which every contestant's is started; the others' stubs would have to respond with more than success. */
const COMPARED = ['payment', 'stock'];

type Candidate = { name: string; contestant: Contestant; bundle: Bundle; starts: Start[] };

const NOTES = {
  bytes:
    'Bundled by the options of infra/bundle.ts. full: the Powertools peer behind middy with the middlewares of Logger, Metrics and Parser, without Tracer.',
  modules: 'Modules of which anything is left in the bundle; all are evaluated at the start.',
  load: `From require() to the loaded bundle in a new process on Node ${process.version}, without a compile cache; of a run’s processes the least disturbed counts.`,
  first:
    'The first message, against an endpoint that says yes at once, credentials and connections included: each makes the calls it makes.',
  cpu: 'User and system time of the process from before its bundle is loaded to the end of its first call, of a run’s processes the least: steadier than the clock.',
} as const;

/** Measures bundle size, modules and the times of a cold start. */
export const section: Section = {
  name: 'cold-start',
  title: 'Cold start: bundle, modules, load and first call',
  async run({ runs, progress }) {
    const outdir = temporaryFolder('cold-start');
    const server = await startStubServer();
    try {
      progress('bundling');
      const candidates = await bundleCandidates(outdir);
      const start = await createStarter(outdir, server.url);
      for (let run = 1; run <= runs; run += 1) {
        progress(`run ${run} of ${runs}`);
        await startEach(candidates.filter(isStarted), start);
      }
      return functionNames.flatMap((name) => figuresOf(name, candidates));
    } finally {
      await server.stop();
    }
  },
};

const isStarted = ({ name, contestant }: Candidate) => contestant === 'ours' || COMPARED.includes(name);

function peersOf(name: string): Contestant[] {
  if (COMPARED.includes(name)) return ['powertools', 'middy', 'sample', 'full'];
  return name === 'sweep' || name === 'archive' ? [] : ['powertools'];
}

async function bundleCandidates(outdir: string): Promise<Candidate[]> {
  const candidates = [...(await ourBundles())].map(([name, bundle]) => ({ name, contestant: 'ours', bundle }));
  for (const name of functionNames) {
    for (const contestant of peersOf(name)) {
      candidates.push({ name, contestant, bundle: await bundleFunction(contestant, name, outdir) });
    }
  }
  return candidates.map((one) => ({ ...one, starts: [] }));
}

/** Starts each candidate several times, in turns, and adds its least times. */
async function startEach(
  candidates: readonly Candidate[],
  start: (bundle: string, event: object) => Promise<Start>,
): Promise<void> {
  const all = new Map(candidates.map((one) => [one, [] as Start[]]));
  for (let round = 0; round < PROCESSES; round += 1) {
    for (const [{ name, bundle }, starts] of all) {
      starts.push(await start(bundle.file, firstEvent(name)));
    }
  }
  for (const [{ starts }, own] of all) {
    const least = (part: keyof Start) => Math.min(...own.map((one) => one[part]));
    starts.push({ load: least('load'), first: least('first'), cpu: least('cpu') });
  }
}

/** Builds the event of a function's first invocation. */
function firstEvent(name: string): object {
  if (name === 'sweep') return {};
  const orderId = 'o-1001';
  const attributes = { id: `${orderId}.1`, subject: orderId, time: new Date().toISOString() };
  const events: Record<string, object> = {
    outcomes: buildEvent(paymentAuthorized, { ...attributes, data: { orderId, amount: 12_000, currency: 'KRW' } }),
    shipping: buildEvent(orderProgressed, {
      ...attributes,
      data: { orderId, sequence: 1, step: 'shop.order.placed.v1' },
    }),
  };
  const Body = JSON.stringify(events[name] ?? placedMessages(createWorkload(1))[0]);
  const Attributes = { ApproximateReceiveCount: '1', SentTimestamp: String(Date.now() - 1_000) };
  return sqsEvent([{ MessageId: 'm-1', ReceiptHandle: 'receipt', Body, Attributes }]);
}

function figuresOf(name: string, candidates: readonly Candidate[]): Figure[] {
  const own = candidates.filter((one) => one.name === name);
  const isFirst = name === functionNames[0];
  const figure = (
    part: keyof typeof NOTES | 'start',
    what: string,
    valuesOf: (one: Candidate) => readonly number[],
    atMost?: number,
  ): Figure => {
    const values = own.map((one) => [one.contestant, valuesOf(one)] as const).filter(([, given]) => given.length > 0);
    const isCount = part === 'bytes' || part === 'modules';
    return {
      ...measure(`cold-start.${name}.${part}`, `${name}: ${what}`, isCount ? part : 'ms', Object.fromEntries(values)),
      kind: isCount ? 'count' : 'measure',
      ...(atMost !== undefined && COMPARED.includes(name) ? { targets: [{ against: 'full', atMost }] } : {}),
      ...(isFirst && part !== 'start' ? { note: NOTES[part] } : {}),
    };
  };
  return [
    figure('bytes', 'bytes of the bundle', ({ bundle }) => [bundle.bytes], 0.35),
    figure('modules', 'modules evaluated', ({ bundle }) => [bundle.modules]),
    figure('load', 'loading the bundle', ({ starts }) => starts.map(({ load }) => load), 0.45),
    figure('first', 'the first call', ({ starts }) => starts.map(({ first }) => first)),
    figure('start', 'loading and first call together', ({ starts }) => starts.map((s) => s.load + s.first), 0.45),
    figure('cpu', 'CPU of loading and first call', ({ starts }) => starts.map(({ cpu }) => cpu)),
  ];
}
