import './provided.ts';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, inject, onTestFinished, test } from 'vitest';
import { type ConsumerName, routing } from '../../infra/routing.ts';
import type { Trace } from '../../ops/orders/trace.ts';
import { deadLetter, decided, eventually, gateway, placed, publish, stockUp, testOrder } from './deployed-shop.ts';

/** What the operator's command prints; `undefined` while it knows of no such order. */
async function traced(orderId: string): Promise<Trace | undefined> {
  const env = { ...process.env, AWS_ENDPOINT_URL: inject('endpoint'), AWS_REGION: 'us-east-1' };
  const command = promisify(execFile)(process.execPath, ['ops/main.ts', 'trace', orderId, '--json'], { env });
  return command.then(
    ({ stdout }) => JSON.parse(stdout),
    (error: { stderr: string }) => {
      if (/No order .* is known/.test(error.stderr)) return undefined;
      throw new Error(error.stderr);
    },
  );
}

/** Waits until the order's trace is as it should be. */
const seen = (orderId: string, what: string, good: (trace: Trace) => boolean) =>
  eventually(`the trace of ${orderId} shows ${what}`, async () => {
    const trace = await traced(orderId);
    return trace !== undefined && good(trace) ? trace : undefined;
  });

test("an order's trace is its publisher's from end to end, and shows each failed try with its error", async () => {
  onTestFinished(() => gateway('up'));
  await gateway('down');
  const order = testOrder();
  await stockUp(order.sku, 1);
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  await publish({ ...placed(order), traceparent: `00-${traceId}-b7ad6b7169203331-01` });
  const failed = ({ attempts }: Trace) => attempts.filter(({ outcome }) => outcome === 'will be tried again');
  await seen(order.orderId, 'two failed tries', (trace) => failed(trace).length >= 2);

  await gateway('up');
  await decided(order.orderId);
  const everybody = Object.keys(routing).sort();
  const trace = await seen(order.orderId, 'a try of everybody, shipping to the end', ({ attempts }) => {
    const done = attempts.filter(({ outcome }) => outcome === 'done');
    const steps = done.filter(({ consumer }) => consumer === 'shipping').length;
    return steps >= 4 && everybody.every((name) => done.some(({ consumer }) => consumer === name));
  });
  expect(trace).toMatchObject({ status: 'CONFIRMED', traceId });
  expect([...new Set(trace.attempts.map((one) => one.traceId))]).toEqual([traceId]);
  const tries = trace.attempts.filter(({ consumer }) => consumer === 'payment').slice(0, failed(trace).length + 1);
  expect(tries.map(({ attempt }) => attempt)).toEqual(tries.map((_, index) => index + 1));
  expect(tries.at(-1)).toMatchObject({ outcome: 'done', eventType: 'shop.order.placed.v1' });
  expect(failed(trace)[0]).toMatchObject({
    consumer: 'payment',
    errorType: 'UnavailableError',
    errorMessage: 'The payment gateway is down',
  });
  for (const { waitedMs, tookMs } of tries.slice(1)) {
    expect(waitedMs).toBeGreaterThan(0);
    expect(tookMs).toBeGreaterThanOrEqual(0);
  }
  expect(JSON.stringify(trace)).not.toContain(order.phone);
  expect(JSON.stringify(trace)).not.toContain(order.token);
});

test('an order that nobody could read is found by its id, with the reason it was dead-lettered for', async () => {
  const order = testOrder();
  const { data, ...event } = placed(order);
  await publish({ ...event, data: { ...data, items: [] } });
  const trace = await seen(order.orderId, 'its dead letters', ({ attempts }) => attempts.length >= 4);
  expect(trace).toMatchObject({ status: null, total: null, timeline: [] });
  for (const attempt of trace.attempts) {
    expect(attempt).toMatchObject({ outcome: 'dead-lettered', errorType: 'ContractError' });
    expect(attempt.errorMessage).toContain('data.items');
  }
  // Others look into these queues, too.
  for (const { consumer } of trace.attempts) await deadLetter(consumer as ConsumerName, order.orderId);
});
