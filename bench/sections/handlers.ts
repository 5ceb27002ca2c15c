import type { Contestant, Figure, Section } from '../figure.ts';
import { temporaryFolder } from '../temporary.ts';
import { bundled } from './handlers/bundled.ts';
import { MeasuredProcess } from './handlers/contestant.ts';

// Five runs come to 200,000 messages, except of a contestant that takes more than 40 µs for one.
const TURNS = 5;
const REQUEST = { messages: 8_000, milliseconds: 60, mostMilliseconds: 320 };

/** One handler of one contestant; without lines, what would write our log lines and metrics is left out of the bundle. */
type Entrant = { figure: string; contestant: Contestant; file: string; lines: boolean };

const entrant = (figure: string, contestant: Contestant, file: string, lines = true): Entrant => ({
  figure,
  contestant,
  file,
  lines,
});

const VALIDATED = 'handlers.validated';
const DECIDED = 'handlers.decided';
const LOGGED = 'handlers.logged';
const WHOLE = 'handlers.whole';

const entrants: readonly Entrant[] = [
  entrant(VALIDATED, 'ours', 'ours-validated'),
  entrant(VALIDATED, 'zod', 'zod-validated'),
  entrant(VALIDATED, 'floor-json', 'floor-json'),
  entrant(DECIDED, 'ours', 'ours', false),
  entrant(DECIDED, 'powertools', 'powertools'),
  entrant(DECIDED, 'powertools-inner', 'powertools-inner'),
  entrant(DECIDED, 'middy', 'middy'),
  entrant(DECIDED, 'floor-empty', 'floor-empty'),
  entrant(LOGGED, 'ours', 'ours'),
  entrant(LOGGED, 'powertools', 'powertools-logged'),
  entrant(LOGGED, 'middy', 'middy-logged'),
  entrant(WHOLE, 'ours', 'ours-whole'),
  entrant(WHOLE, 'powertools', 'powertools-whole'),
];

const fifthOfPowertools = { against: 'powertools', atMost: 0.2 };
const common = { unit: 'µs', kind: 'measure', better: 'lower' } as const;

/** What each figure says, without its values. */
const figures: readonly Omit<Figure, 'values'>[] = [
  {
    ...common,
    id: VALIDATED,
    what: 'CPU per message: parse and validate alone',
    note: 'Messages of about 540 bytes with one to four lines. zod: what the peers validate with, which compiles a schema to code when it is first used; their schema leaves out `traceparent` and `datacontenttype`. floor-json: JSON.parse alone, which no reader of a message can do without.',
  },
  {
    ...common,
    id: DECIDED,
    what: 'CPU per message: parse, validate, decide, partial batch; no log',
    targets: [{ atMost: 2.5 }, fifthOfPowertools],
    note: 'The payment consumer up to what it would write, in batches of ten, in CPU time of all threads, garbage collection included; of a run’s five turns the least disturbed counts. No contestant logs; ours is bundled without what makes its lines and metrics. Every contestant decides by the same function. Powertools’ parser is given a record schema that was extended once; powertools-inner: with `innerSchema`, as its documentation shows first, where it extends it for every record. floor-empty: a handler that does nothing.',
  },
  {
    ...common,
    id: LOGGED,
    what: 'CPU per message: the same, with the log as deployed',
    targets: [fifthOfPowertools],
    note: 'One line of JSON for each message, written to /dev/null. Ours says more (trace, waits, outcome) and adds the metrics of the batch; Powertools’ is its Logger’s, without Metrics; middy’s is one console.log.',
  },
  {
    ...common,
    id: WHOLE,
    what: 'CPU per message: the whole job, store, gateway and bus stubbed',
    targets: [fifthOfPowertools],
    note: 'Ours is the deployed state machine with its two writes, its circuit breaker, its outcome event and trace; Powertools’ is batch, parser, logger and idempotency with a persistence layer that takes everything at once, and the same outcome event.',
  },
];

/** CPU per message of a handler by itself (figure 6 and its floor), each contestant in a warm process of its own. */
export const section: Section = {
  name: 'handlers',
  title: 'Handler CPU per message, the store stubbed',
  async run({ runs, progress }) {
    const named = entrants.map((one) => ({ ...one, name: `${one.figure}-${one.contestant}` }));
    const processes: MeasuredProcess[] = [];
    const values = new Map<string, Record<Contestant, number[]>>();
    try {
      const bundles = await bundled(named, temporaryFolder('handlers'));
      for (const { name } of named) {
        progress(`warming up ${name}`);
        processes.push(await MeasuredProcess.start(bundles.get(name) ?? ''));
      }
      for (let run = 1; run <= runs; run += 1) {
        progress(`run ${run} of ${runs}`);
        const turns = processes.map(() => [] as number[]);
        for (let turn = 0; turn < TURNS; turn += 1) {
          for (const [index, one] of processes.entries()) {
            turns[index]?.push((await one.measure(REQUEST)).microseconds);
          }
        }
        for (const [index, { figure, contestant }] of named.entries()) {
          const of = values.get(figure) ?? {};
          // Whatever else the machine does makes a turn longer, never shorter.
          const least = Math.min(...(turns[index] ?? []));
          values.set(figure, { ...of, [contestant]: [...(of[contestant] ?? []), least] });
        }
      }
    } finally {
      for (const one of processes) one.stop();
    }
    return figures.map((figure) => ({ ...figure, values: values.get(figure.id) ?? {} }));
  },
};
