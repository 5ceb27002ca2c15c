import { notificationSent } from '../../contracts/notification.ts';
import { orderConfirmed } from '../../contracts/order.ts';
import { paymentAuthorized, paymentCaptured } from '../../contracts/payment.ts';
import { stockReserved } from '../../contracts/stock.ts';
import { meanBatch } from './batches.ts';
import type { Measurement, Measurements } from './calls.ts';
import { billedMilliseconds, type ConsumerLoad } from './compute.ts';
import type { TemplateFacts } from './template.ts';

/** What is estimated: a deployment, the measured calls per order, and the volume. */
export type Scenario = { facts: TemplateFacts; measured: Measurements; ordersPerDay: number };

export const DAYS_PER_MONTH = 30.4;
export const SECONDS_PER_DAY = 86_400;
export const SECONDS_PER_MONTH = DAYS_PER_MONTH * SECONDS_PER_DAY;

/** Interpolates between measurements in batches of 1 and of 10 as `a + b / batch`: a cost per message and one per batch. */
export function interpolate(atOne: number, atTen: number, batch: number): number {
  const perBatch = (atOne - atTen) / (1 - 1 / 10);
  return atOne - perBatch + perBatch / batch;
}

/** The events of the bus that an ordinary order makes, each once. */
export const ORDINARY_EVENTS: readonly string[] = [
  orderConfirmed,
  paymentAuthorized,
  paymentCaptured,
  stockReserved,
  notificationSent,
].map(({ type }) => type);

/** How many of the events in some lists an ordinary order makes. */
const countOrdinary = (lists: readonly (readonly string[])[]) =>
  lists.flat().filter((type) => ORDINARY_EVENTS.includes(type)).length;

/** Computes the load of each partner's queue; a partner is assumed to read one message at a time. */
export function partnerLoads({ facts, measured }: Scenario) {
  const { busEvents, feedEvents } = measured.batches['1'];
  return facts.partners.map((events) => {
    const fifo = events === 'lifecycle';
    const messages = fifo ? feedEvents.count : countOrdinary([events]);
    return { fifo, messages, messageBytes: fifo ? feedEvents.bytes : busEvents.bytes, batch: 1, invocations: messages };
  });
}

/** Computes the load of every consumer and of the archive. Throws where the template has a consumer without a measurement. */
export function consumerLoads({ facts, measured, ordersPerDay }: Scenario): ConsumerLoad[] {
  const posts = countOrdinary(facts.endpoints);
  const atOne = withUnmeasured(measured.batches['1'], 1, posts);
  const atTen = withUnmeasured(measured.batches['10'], 10, posts);
  return Object.entries(facts.mappings).map(([name, mapping]) => {
    const [one, ten] = [atOne[name], atTen[name]];
    if (one === undefined || ten === undefined)
      throw new Error(`${name} was never measured: run \`npm run test:faults -- calls-per-order -u\`.`);
    const { messages, messageBytes } = one;
    const inBatches = (batch: number): ConsumerLoad => {
      const calls = Object.keys({ ...one.calls, ...ten.calls }).map((operation): [string, number] => [
        operation,
        interpolate(one.calls[operation] ?? 0, ten.calls[operation] ?? 0, batch),
      ]);
      const { fifo, memoryMb } = mapping;
      const invocations = messages / batch;
      return { name, fifo, memoryMb, messages, messageBytes, batch, invocations, calls: Object.fromEntries(calls) };
    };
    const secondsPerBatch = (batch: number) => (messages === 0 ? 0 : billedMilliseconds(inBatches(batch)) / 1000);
    return inBatches(meanBatch((ordersPerDay / SECONDS_PER_DAY) * messages, mapping, secondsPerBatch));
  });
}

/**
 * Adds what is not measured: the archive, which receives every message of both topics and the bus and writes one object per batch, and the
 * webhooks, which post a message for each endpoint.
 */
function withUnmeasured(
  { consumers, busEvents, feedEvents }: Measurement,
  batch: number,
  posts: number,
): Measurement['consumers'] {
  const messages = 1 + busEvents.count + feedEvents.count;
  const invocations = messages / batch;
  const calls = { 's3.PutObject': invocations };
  const messageBytes = busEvents.bytes;
  return {
    archive: { invocations, messages, messageBytes, calls },
    webhooks: { invocations: posts / batch, messages: posts, messageBytes, calls: {} },
    ...consumers,
  };
}
