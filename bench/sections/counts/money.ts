import type { Measurement } from '../../../ops/estimate/calls.ts';
import { assumed } from '../../../ops/estimate/compute.ts';
import { listPrices, type PriceId, cost as priceOf } from '../../../ops/estimate/prices.ts';
import type { Contestant } from '../../figure.ts';
import type { OrderCost } from './count.ts';

/** A contestant that runs as Lambda functions behind SQS queues. */
export type FunctionContestant = {
  name: Contestant;
  /** How a batch's messages are handled, which decides whose waits add up. Those of a FIFO queue are never side by side. */
  handles: 'together' | 'side by side' | 'one by one';
};

export const functionContestants: readonly FunctionContestant[] = [
  { name: 'ours', handles: 'together' },
  { name: 'powertools', handles: 'side by side' },
  { name: 'middy', handles: 'side by side' },
  { name: 'sample', handles: 'one by one' },
];

const GB = 1024 ** 3;
const MEMORY_GB = 0.5;
const ORDERS = 1_000_000;
/** The subscriptions of the orders topic that filter by message body: payment, stock and notification. */
const BODY_FILTERS = 3;
const MESSAGES_PER_RECEIVE = 10;

/** What the amounts of money assume, for all contestants alike. */
export const MONEY_ASSUMPTIONS =
  `List prices of ${listPrices.region}, ${listPrices.date}, in US dollars, texts and everything that costs the same each month left out. ` +
  `Assumed for all alike: a call takes ${assumed.call} ms, a transaction ${assumed.transaction} ms, the gateway ${assumed.gateway} ms, a text ${assumed.text} ms; ` +
  `a function of 512 MB on arm64 computes ${assumed.batch} ms for a batch and ${assumed.message} ms for a message. Where a contestant handles the messages of a ` +
  'batch side by side, their waits count once.';

/** Prices a million orders in US dollars, by service. */
export function dollarsPerMillion(cost: OrderCost, batch: number, { handles }: FunctionContestant) {
  const { measurement, units } = cost;
  const { consumers, busEvents, feedEvents } = measurement;
  const usd = (price: PriceId, perOrder: number) => priceOf(perOrder * ORDERS, listPrices.prices[price]);
  const loads = Object.entries(consumers);
  const invocations = loads.reduce((sum, [, { invocations: times }]) => sum + times, 0);
  const requests = (fifo: boolean) =>
    loads
      .filter(([name]) => (name === 'shipping') === fifo)
      .reduce((sum, [, { messages, invocations: times }]) => {
        const receives = times * Math.ceil(batch / MESSAGES_PER_RECEIVE);
        return sum + messages + 2 * (fifo ? times : receives);
      }, 0);
  // Payment's messages are not only orders.
  const placedBytes = consumers.order?.messageBytes ?? 0;
  const feedBytes = (feedEvents.count * feedEvents.bytes) / GB;
  const durations = loads.map(([name, load]) => load.invocations * millisecondsOf(name, load, handles));
  const milliseconds = durations.reduce((sum, one) => sum + one, 0);
  return {
    SNS:
      usd('sns.publish', 1) +
      usd('sns.payload-filter', (placedBytes * BODY_FILTERS) / GB) +
      usd('sns.fifo-publish', feedEvents.count) +
      usd('sns.fifo-publish-bytes', feedBytes) +
      usd('sns.fifo-delivery', feedEvents.count) +
      usd('sns.fifo-delivery-bytes', feedBytes),
    SQS: usd('sqs.standard', requests(false)) + usd('sqs.fifo', requests(true)),
    EventBridge: usd('events.put', busEvents.count),
    DynamoDB: usd('dynamodb.write', units.write) + usd('dynamodb.read', units.read),
    Lambda: usd('lambda.request', invocations) + usd('lambda.arm64', (milliseconds / 1000) * MEMORY_GB),
    CloudWatch: usd('logs.ingestion', measurement.log.bytes / GB),
  };
}

/** Estimates the billed milliseconds of one invocation. */
function millisecondsOf(
  name: string,
  { invocations, messages, calls }: Measurement['consumers'][string],
  handles: FunctionContestant['handles'],
): number {
  const batch = messages / invocations;
  const inTurn = handles === 'side by side' && name !== 'shipping' ? messages : invocations;
  // Calls to the gateway and texts cannot be combined; only a loop waits for one after the other.
  const effectsInTurn = handles === 'one by one' ? batch : 1;
  let waiting = name === 'payment' ? assumed.gateway * effectsInTurn : 0;
  for (const [operation, times] of Object.entries(calls)) {
    if (operation === 'sns.PublishText') waiting += assumed.text * (times / messages) * effectsInTurn;
    else
      waiting += (times / inTurn) * (operation === 'dynamodb.TransactWriteItems' ? assumed.transaction : assumed.call);
  }
  return waiting + assumed.batch + assumed.message * batch;
}

export const total = (services: Record<string, number>) =>
  Object.values(services).reduce((sum, dollars) => sum + dollars, 0);

/** Adds up what the functions' code decides: its writes, its time, and its log. */
export const ownPart = ({ DynamoDB = 0, Lambda = 0, CloudWatch = 0 }: Record<string, number>) =>
  DynamoDB + Lambda + CloudWatch;
