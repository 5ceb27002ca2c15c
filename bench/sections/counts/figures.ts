import { type FunctionContestant, functionContestants } from '../../contestants.ts';
import type { Contestant, Figure, Target } from '../../figure.ts';
import type { Counted, Scenario } from './counted.ts';
import { MONEY_RESTS_ON, ownPartOf, perMillion, sumOf } from './money.ts';

/** A scenario with its name in ids and in words, and how often it is counted. */
export type Named = Scenario & { id: string; what: string; times: number };

/** What was counted of each contestant, each time. */
export type Counts = ReadonlyMap<Contestant, readonly Counted[]>;

type More = { targets?: readonly Target[]; note?: string };

const EFFECTS = 'payment, stock and notification';
const PER_ORDER = 'per order';
const DOLLARS = '$ per million orders';

/** Takes a scenario and what was counted in it and gives the figures. */
export function figuresOf(scenario: Named, counts: Counts): Figure[] {
  const { id, what, batch } = scenario;
  const figure = (
    kind: string,
    about: string,
    unit: string,
    value: (one: Counted, contestant: FunctionContestant) => number,
    more: More = {},
  ): Figure => ({
    id: `${kind}.${id}`,
    what: `${about}, ${what}`,
    unit,
    kind: 'count',
    better: 'lower',
    values: Object.fromEntries(
      functionContestants.flatMap((contestant) => {
        const counted = counts.get(contestant.name);
        return counted === undefined ? [] : [[contestant.name, counted.map((one) => value(one, contestant))]];
      }),
    ),
    ...more,
  });
  const target = (wanted: string, one: Target): More => (wanted === id ? { targets: [one] } : {});
  const once = (note: string): More => (id === 'batch-1' ? { note } : {});

  const money = [
    figure('money', 'money without texts', DOLLARS, (one, who) => sumOf(perMillion(one, batch, who)), {
      ...target('batch-10', { against: 'powertools', atMost: 0.65 }),
      ...target('batch-10.one-sku', { against: 'powertools', atMost: 0.47 }),
      note: `${id === 'batch-1' ? `${MONEY_RESTS_ON} ` : ''}${byService(counts, batch)}`,
    }),
    figure('money.own', 'of it what the code decides', DOLLARS, (one, who) => ownPartOf(perMillion(one, batch, who)), {
      ...once(
        "DynamoDB, Lambda and the log. The rest, the topics', the bus's and the queues' messages, is the same for all.",
      ),
    }),
  ];
  const writes = figure('units.write', 'write units', PER_ORDER, ({ units }) => units.write, {
    ...once('A transaction takes two for an item; an index that follows a write takes one.'),
  });
  if (id === 'batch-10.one-sku') return [writes, ...money];

  const placed = figure(
    'calls.dynamodb.placed',
    `DynamoDB calls for a placed order, ${EFFECTS}`,
    PER_ORDER,
    ({ dynamodb }) => dynamodb.placed,
    {
      ...target('batch-10', { atMost: 0.5 }),
      ...once(
        'What follows on the decision left out: one message for each of the three. The floor: as many items in a call as DynamoDB takes.',
      ),
    },
  );
  const times = counts.get('ours')?.length ?? 0;
  return [
    figure('calls.all', 'AWS calls of the functions', PER_ORDER, ({ calls }) => calls.all, {
      ...target('batch-10', { against: 'powertools', atMost: 0.25 }),
      ...once(
        [
          "The gateway's own table and texts left out, and what Lambda does for the queues. FIFO queues give 10 messages at most.",
          ...functionContestants.flatMap(({ note }) => note ?? []),
        ].join(' '),
      ),
    }),
    figure('calls.dynamodb', 'of them DynamoDB', PER_ORDER, ({ calls }) => calls.dynamodb),
    figure('calls.events', 'of them EventBridge', PER_ORDER, ({ calls }) => calls.events),
    figure('calls.sns', 'of them SNS', PER_ORDER, ({ calls }) => calls.sns),
    { ...placed, values: { ...placed.values, floor: Array.from({ length: times }, () => fewestCalls(batch)) } },
    figure(
      'calls.dynamodb.effects',
      `DynamoDB calls through the whole flow, ${EFFECTS}`,
      PER_ORDER,
      ({ dynamodb }) => dynamodb.whole,
    ),
    writes,
    figure('units.read', 'read units', PER_ORDER, ({ units }) => units.read),
    figure('log.bytes', 'log', 'bytes per order', ({ logBytes }) => logBytes),
    ...money,
  ];
}

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchExecuteStatement.html and …API_TransactWriteItems.html
const STATEMENTS_PER_CALL = 25;
const ACTIONS_PER_TRANSACTION = 100;

/** The fewest calls that can write a batch of placed orders, by the order: payments, contacts, and reservations with their shelves. */
const fewestCalls = (batch: number) =>
  (2 * Math.ceil(batch / STATEMENTS_PER_CALL) + Math.ceil((2 * batch) / ACTIONS_PER_TRANSACTION)) / batch;

/** Gives what the sums are made of. */
function byService(counts: Counts, batch: number): string {
  const parts = functionContestants.flatMap((contestant) => {
    const [one] = counts.get(contestant.name) ?? [];
    if (one === undefined) return [];
    const services = Object.entries(perMillion(one, batch, contestant));
    return [`${contestant.name}: ${services.map(([name, dollars]) => `${name} ${dollars.toFixed(2)}`).join(', ')}`];
  });
  return `${parts.join('; ')}.`;
}
