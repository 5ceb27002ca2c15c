import { sqsRecord } from '../../test/builders/deliveries.ts';
import { captured, placed, progressed } from '../../test/builders/events.ts';
import type { Contestant, Figure, Section, Target } from '../figure.ts';
import { temporaryFolder } from '../temporary.ts';
import { type Bundle, bundleOf, functionNames, ourBundles } from './cold-start/bundles.ts';
import { YesEndpoint } from './cold-start/endpoint.ts';
import { withSdkOnly } from './cold-start/sdk-only.ts';
import { starter } from './cold-start/start.ts';

// So many processes of a contestant make one value, the least disturbed one; fewer where no target depends on it.
const PROCESSES = 5;
const FEWER = 2;

/** Whose bundles are held against ours, function by function. */
function contestantsOf(name: string): Contestant[] {
  if (withSdkOnly.includes(name)) return ['ours', 'powertools', 'middy', 'sample', 'full', 'sdk'];
  return name === 'sweep' || name === 'archive' ? ['ours'] : ['ours', 'powertools'];
}

const firstEvents: Record<string, object> = { outcomes: captured(), shipping: progressed() };
const firstEvent = (name: string): object =>
  name === 'sweep' ? {} : { Records: [sqsRecord(firstEvents[name] ?? placed(), { sentSecondsAgo: 1 })] };

type Start = {
  function: string;
  contestant: Contestant;
  bundle: Bundle;
  loads: number[];
  firsts: number[];
  cpus: number[];
};

const NOTES = {
  bytes:
    'Bundled by the options of infra/bundle.ts. full: the Powertools peer behind middy with the middlewares of Logger, Metrics and Parser, without Tracer. sdk: the clients and commands that the function needs, made and called once, and nothing else; it keeps the SDK’s own chain of credential providers, which our bundles replace.',
  modules: 'Modules of which anything is left in the bundle; all are evaluated at the start.',
  load: `From require() to the loaded bundle in a new process on Node ${process.version}, without a compile cache; of a run’s processes the least disturbed counts.`,
  cpu: 'User and system time of the process from before its bundle is loaded to the end of its first call, of a run’s processes the least: steadier than the clock.',
  first:
    'The first message, against an endpoint that says yes at once, credentials and connections included: each makes the calls it makes, sdk one call to each service.',
} as const;

/** Bundle size, modules and times of a first start (figure 5). */
export const section: Section = {
  name: 'cold-start',
  title: 'Cold start: bundle, modules, load and first call',
  async run({ runs, progress }) {
    const outdir = temporaryFolder('cold-start');
    const endpoint = await YesEndpoint.start();
    try {
      progress('bundling');
      const starts = await bundled(outdir);
      const start = await starter(outdir, endpoint.url);
      for (let run = 1; run <= runs; run += 1) {
        progress(`run ${run} of ${runs}`);
        const once = starts.map(() => ({ load: [] as number[], first: [] as number[], cpu: [] as number[] }));
        for (let round = 0; round < PROCESSES; round += 1) {
          for (const [index, one] of starts.entries()) {
            if (!isTimed(one) || (round >= FEWER && !withSdkOnly.includes(one.function))) continue;
            const { load, first, cpu } = await start(one.bundle.file, firstEvent(one.function));
            once[index]?.load.push(load);
            once[index]?.first.push(first);
            once[index]?.cpu.push(cpu);
          }
        }
        for (const [index, one] of starts.entries()) {
          if (!isTimed(one)) continue;
          one.loads.push(Math.min(...(once[index]?.load ?? [])));
          one.firsts.push(Math.min(...(once[index]?.first ?? [])));
          one.cpus.push(Math.min(...(once[index]?.cpu ?? [])));
        }
      }
      return functionNames.flatMap((name) => figuresOf(name, starts));
    } finally {
      endpoint.stop();
    }
  },
};

// A peer's other functions want answers that say more than yes.
const isTimed = (start: Start) => start.contestant === 'ours' || withSdkOnly.includes(start.function);

async function bundled(outdir: string): Promise<Start[]> {
  const ours = await ourBundles();
  const starts: Start[] = [];
  for (const name of functionNames) {
    for (const contestant of contestantsOf(name)) {
      const bundle = contestant === 'ours' ? ours.get(name) : await bundleOf(contestant, name, outdir);
      if (bundle === undefined) throw new Error(`There is no bundle of ${name}`);
      starts.push({ function: name, contestant, bundle, loads: [], firsts: [], cpus: [] });
    }
  }
  return starts;
}

function figuresOf(name: string, starts: readonly Start[]): Figure[] {
  const own = starts.filter((start) => start.function === name);
  const values = (of: (start: Start) => readonly number[]) =>
    Object.fromEntries(own.flatMap((start) => (of(start).length === 0 ? [] : [[start.contestant, of(start)]])));
  const first = name === functionNames[0];
  const aimed = withSdkOnly.includes(name);
  const targets = (atMost: number): { targets?: Target[] } =>
    aimed
      ? {
          targets: [
            { against: 'full', atMost },
            { against: 'sdk', atMost: 1.1 },
          ],
        }
      : {};
  const note = (words: string) => (first ? { note: words } : {});
  const count = { kind: 'count', better: 'lower' } as const;
  const time = { kind: 'measure', better: 'lower', unit: 'ms' } as const;
  const id = (what: string) => `cold-start.${name}.${what}`;
  const total = ({ loads, firsts }: Start): number[] => loads.map((load, run) => load + (firsts[run] ?? Number.NaN));
  return [
    {
      ...count,
      id: id('bytes'),
      what: `${name}: bytes of the bundle`,
      unit: 'bytes',
      values: values(({ bundle }) => [bundle.bytes]),
      ...targets(0.35),
      ...note(NOTES.bytes),
    },
    {
      ...count,
      id: id('modules'),
      what: `${name}: modules evaluated`,
      unit: 'modules',
      values: values(({ bundle }) => [bundle.modules]),
      ...note(NOTES.modules),
    },
    {
      ...time,
      id: id('load'),
      what: `${name}: loading the bundle`,
      values: values(({ loads }) => loads),
      ...targets(0.45),
      ...note(NOTES.load),
    },
    {
      ...time,
      id: id('first'),
      what: `${name}: the first call`,
      values: values(({ firsts }) => firsts),
      ...note(NOTES.first),
    },
    {
      ...time,
      id: id('start'),
      what: `${name}: loading and first call together`,
      values: values(total),
      ...targets(0.45),
    },
    {
      ...time,
      id: id('cpu'),
      what: `${name}: CPU of loading and first call`,
      values: values(({ cpus }) => cpus),
      ...note(NOTES.cpu),
    },
  ];
}
