import type { Measurement } from '../../../ops/estimate/calls.ts';
import { assumed } from '../../../ops/estimate/compute.ts';
import { cost, listPrices, type PriceId } from '../../../ops/estimate/prices.ts';
import type { FunctionContestant } from '../../contestants.ts';
import type { Counted } from './counted.ts';

const GB = 1024 ** 3;
const MEMORY_GB = 0.5;
const ORDERS = 1_000_000;
/** The subscriptions of the orders topic that look into the body: payment, stock and notification. */
const BODY_FILTERS = 3;
const MESSAGES_PER_RECEIVE = 10;

/** What the sums rest on, the same for everybody. */
export const MONEY_RESTS_ON =
  `List prices of ${listPrices.region}, ${listPrices.date}, in US dollars, texts and everything that costs the same each month left out. ` +
  `Assumed for all alike: a call takes ${assumed.call} ms, a transaction ${assumed.transaction} ms, the gateway ${assumed.gateway} ms, a text ${assumed.text} ms; ` +
  `a function of 512 MB on arm64 computes ${assumed.batch} ms for a batch and ${assumed.message} ms for a message. Where a contestant handles the messages of a ` +
  'batch side by side, their waits count once.';

/** Takes what was counted at a size of batch and gives what a million orders cost in US dollars, by service. */
export function perMillion(
  { measurement, units }: Counted,
  batch: number,
  { handles }: Pick<FunctionContestant, 'handles'>,
): Record<string, number> {
  const { consumers, busEvents, feedEvents } = measurement;
  const usd = (price: PriceId, perOrder: number) => cost(perOrder * ORDERS, listPrices.prices[price]);
  const stations = Object.entries(consumers);
  const invocations = stations.reduce((sum, [, { invocations: times }]) => sum + times, 0);
  const requests = (fifo: boolean) =>
    stations
      .filter(([name]) => (name === 'shipping') === fifo)
      .reduce((sum, [, { messages, invocations: times }]) => {
        const receives = times * Math.ceil(batch / MESSAGES_PER_RECEIVE);
        return sum + messages + 2 * (fifo ? times : receives);
      }, 0);
  const placedBytes = consumers.payment?.messageBytes ?? 0;
  const feedBytes = (feedEvents.count * feedEvents.bytes) / GB;
  const milliseconds = stations.reduce(
    (sum, [name, station]) => sum + station.invocations * millisecondsOf(name, station, handles),
    0,
  );
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

/** Gives the milliseconds that are billed for one invocation. */
function millisecondsOf(
  name: string,
  { invocations, messages, calls }: Measurement['consumers'][string],
  handles: FunctionContestant['handles'],
): number {
  const batch = messages / invocations;
  const inTurn = handles === 'side by side' && name !== 'shipping' ? messages : invocations;
  // A call to the gateway and a text cannot be combined: only a loop waits for one after the other.
  const effectsInTurn = handles === 'one by one' ? batch : 1;
  let waiting = name === 'payment' ? assumed.gateway * effectsInTurn : 0;
  for (const [operation, times] of Object.entries(calls)) {
    if (operation === 'sns.PublishText') waiting += assumed.text * (times / messages) * effectsInTurn;
    else
      waiting += (times / inTurn) * (operation === 'dynamodb.TransactWriteItems' ? assumed.transaction : assumed.call);
  }
  return waiting + assumed.batch + assumed.message * batch;
}

/** Takes what a million orders cost by service and gives the sum. */
export const sumOf = (services: Record<string, number>) =>
  Object.values(services).reduce((sum, dollars) => sum + dollars, 0);

/** Takes what a million orders cost by service and gives what the functions' code decides: its writes, its time, and its log. */
export const ownPartOf = ({ DynamoDB = 0, Lambda = 0, CloudWatch = 0 }: Record<string, number>) =>
  DynamoDB + Lambda + CloudWatch;
