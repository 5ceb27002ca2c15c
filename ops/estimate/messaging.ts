import type { Line } from './line.ts';
import { DAYS_PER_MONTH, GB, perMonth, SECONDS_PER_MONTH, type Situation, type Station } from './stations.ts';

const CHUNK = 64 * 1024;
const chunks = (bytes: number) => Math.max(1, Math.ceil(bytes / CHUNK));

/** So many pollers ask a queue, each waiting so long for a message
 * (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html). */
export const POLLERS = 5;
export const POLL_SECONDS = 20;
const MESSAGES_PER_RECEIVE = 10;

/** What SNS, SQS and EventBridge take. */
export function messaging(situation: Situation, stations: readonly Station[]): Line[] {
  const { facts, measured } = situation;
  const { busEvents, feedEvents, consumers } = measured.batches['1'];
  const placedBytes = consumers.payment?.messageBytes ?? 0;
  const lookedInto =
    placedBytes * facts.bodyFilters.topic + feedEvents.count * feedEvents.bytes * facts.bodyFilters.feed;
  const delivered = feedEvents.count * facts.feedSubscriptions;
  const lines: Line[] = [
    { service: 'SNS', what: 'orders published', price: 'sns.publish', perOrder: chunks(placedBytes) },
    { service: 'SNS', what: 'filters on the body', price: 'sns.payload-filter', perOrder: lookedInto / GB },
    { service: 'SNS', what: 'steps published on the feed', price: 'sns.fifo-publish', perOrder: feedEvents.count },
    {
      service: 'SNS',
      what: 'their bytes',
      price: 'sns.fifo-publish-bytes',
      perOrder: (feedEvents.count * feedEvents.bytes) / GB,
    },
    { service: 'SNS', what: 'steps delivered', price: 'sns.fifo-delivery', perOrder: delivered },
    {
      service: 'SNS',
      what: 'their bytes',
      price: 'sns.fifo-delivery-bytes',
      perOrder: (delivered * feedEvents.bytes) / GB,
    },
  ];
  for (const fifo of [false, true]) {
    const some = stations.filter((one) => one.fifo === fifo);
    const price = fifo ? 'sqs.fifo' : 'sqs.standard';
    const kind = fifo ? 'FIFO' : 'standard';
    const requests = some.reduce((sum, { messages, messageBytes, batch, invocations }) => {
      const receives = invocations * Math.ceil(batch / MESSAGES_PER_RECEIVE);
      return sum + messages * chunks(messageBytes) + 2 * receives;
    }, 0);
    const asked = some.length * POLLERS * (SECONDS_PER_MONTH / POLL_SECONDS);
    lines.push({ service: 'SQS', what: `sent, received, deleted (${kind})`, price, perOrder: requests });
    lines.push({ service: 'SQS', what: `pollers that find nothing (${kind})`, price, fixed: asked });
  }
  const archivedBytes = facts.busArchiveDays > 0 ? (busEvents.count * busEvents.bytes) / GB : 0;
  lines.push(
    {
      service: 'EventBridge',
      what: 'events put',
      price: 'events.put',
      perOrder: busEvents.count * chunks(busEvents.bytes),
    },
    { service: 'EventBridge', what: "the bus's archive: taken in", price: 'events.archive', perOrder: archivedBytes },
    {
      service: 'EventBridge',
      what: "the bus's archive: kept",
      price: 'events.archive-storage',
      fixed: perMonth(situation, archivedBytes) * (facts.busArchiveDays / DAYS_PER_MONTH),
    },
  );
  return lines;
}
