import type { Contestant, Figure, Target } from '../../figure.ts';
import type { OrderCost, Scenario } from './count.ts';
import {
  dollarsPerMillion,
  type FunctionContestant,
  functionContestants,
  MONEY_ASSUMPTIONS,
  ownPart,
  total,
} from './money.ts';

/** A scenario with its name in ids and in words, and how often it is counted. */
export type NamedScenario = Scenario & { id: string; what: string; times: number };

/** What each contestant's order took, one value for each time it was counted. */
export type OrderCosts = ReadonlyMap<Contestant, readonly OrderCost[]>;

type Extras = { targets?: readonly Target[]; note?: string };

const EFFECTS = 'payment, stock and notification';
const PER_ORDER = 'per order';
const DOLLARS = '$ per million orders';
const OWN_PART = 'of it what the code decides';
const NOTES = {
  calls: [
    "The gateway's own table and texts left out, and what Lambda does for the queues. FIFO queues give 10 messages at most.",
    'the sample is not idempotent: a message delivered twice takes effect twice',
  ].join(' '),
  placed:
    'What follows on the decision left out: one message for each of the three. The floor: as many items in a call as DynamoDB takes.',
  writes: 'A transaction takes two for an item; an index that follows a write takes one.',
  own: "DynamoDB, Lambda and the log. The rest, the topics', the bus's and the queues' messages, is the same for all.",
};

/** Builds the figures of one scenario. */
export function figuresOf(scenario: NamedScenario, costs: OrderCosts): Figure[] {
  const { id, what, batch } = scenario;
  const figure = (
    kind: string,
    about: string,
    unit: string,
    value: (one: OrderCost, contestant: FunctionContestant) => number,
    extras: Extras = {},
  ): Figure => ({
    id: `${kind}.${id}`,
    what: `${about}, ${what}`,
    unit,
    kind: 'count',
    better: 'lower',
    values: Object.fromEntries(
      functionContestants.flatMap((contestant) => {
        const own = costs.get(contestant.name);
        return own === undefined ? [] : [[contestant.name, own.map((one) => value(one, contestant))]];
      }),
    ),
    ...extras,
  });
  const target = (wanted: string, one: Target): Extras => (wanted === id ? { targets: [one] } : {});
  const once = (note: string): Extras => (id === 'batch-1' ? { note } : {});

  const money = [
    figure('money', 'money without texts', DOLLARS, (one, who) => total(dollarsPerMillion(one, batch, who)), {
      ...target('batch-10', { against: 'powertools', atMost: 0.65 }),
      ...target('batch-10.one-sku', { against: 'powertools', atMost: 0.47 }),
      note: `${id === 'batch-1' ? `${MONEY_ASSUMPTIONS} ` : ''}${byService(costs, batch)}`,
    }),
    figure('money.own', OWN_PART, DOLLARS, (one, who) => ownPart(dollarsPerMillion(one, batch, who)), once(NOTES.own)),
  ];
  const writes = figure('units.write', 'write units', PER_ORDER, ({ units }) => units.write, once(NOTES.writes));
  if (id === 'batch-10.one-sku') return [writes, ...money];

  const count = (kind: string, about: string, value: (one: OrderCost) => number, extras?: Extras) =>
    figure(`calls.${kind}`, about, PER_ORDER, value, extras);
  const placed = count(
    'dynamodb.placed',
    `DynamoDB calls for a placed order, ${EFFECTS}`,
    (one) => one.dynamodb.placed,
    {
      ...target('batch-10', { atMost: 0.5 }),
      ...once(NOTES.placed),
    },
  );
  const floor = costs.get('ours')?.map(() => fewestCalls(batch)) ?? [];
  return [
    count('all', 'AWS calls of the functions', ({ calls }) => calls.all, {
      ...target('batch-10', { against: 'powertools', atMost: 0.25 }),
      ...once(NOTES.calls),
    }),
    count('dynamodb', 'of them DynamoDB', ({ calls }) => calls.dynamodb),
    count('events', 'of them EventBridge', ({ calls }) => calls.events),
    count('sns', 'of them SNS', ({ calls }) => calls.sns),
    { ...placed, values: { ...placed.values, floor } },
    count('dynamodb.effects', `DynamoDB calls through the whole flow, ${EFFECTS}`, ({ dynamodb }) => dynamodb.whole),
    writes,
    figure('units.read', 'read units', PER_ORDER, ({ units }) => units.read),
    figure('log.bytes', 'log', 'bytes per order', ({ logBytes }) => logBytes),
    ...money,
  ];
}

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchExecuteStatement.html and …API_TransactWriteItems.html
const STATEMENTS_PER_CALL = 25;
const ACTIONS_PER_TRANSACTION = 100;

/** The fewest calls per order that can write a batch of placed orders: payments, contacts, and reservations with their shelves. */
const fewestCalls = (batch: number) =>
  (2 * Math.ceil(batch / STATEMENTS_PER_CALL) + Math.ceil((2 * batch) / ACTIONS_PER_TRANSACTION)) / batch;

/** Lists the dollars of each contestant by service. */
function byService(costs: OrderCosts, batch: number): string {
  const parts = functionContestants.flatMap((contestant) => {
    const [one] = costs.get(contestant.name) ?? [];
    if (one === undefined) return [];
    const services = Object.entries(dollarsPerMillion(one, batch, contestant));
    return [`${contestant.name}: ${services.map(([name, dollars]) => `${name} ${dollars.toFixed(2)}`).join(', ')}`];
  });
  return `${parts.join('; ')}.`;
}
