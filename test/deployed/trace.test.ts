import './provided.ts';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { expect, inject, onTestFinished, test } from 'vitest';
import { type ConsumerName, routing } from '../../infra/routing.ts';
import { engineEnvironment } from '../../localstack/environment.ts';
import type { LogEntry } from '../../ops/logs/entry.ts';
import type { Trace } from '../../ops/orders/trace.ts';
import { statusCollector } from '../../ops/status/collect.ts';
import {
  decided,
  eventually,
  placed,
  publish,
  setGatewayState,
  setStock,
  shop,
  takeDeadLetter,
  testOrder,
} from './deployed-shop.ts';
import { runOps, startOps } from './ops.ts';

/** Returns the output of `ops trace`, or `undefined` while the order is unknown. */
async function readTrace(orderId: string): Promise<Trace | undefined> {
  const env = engineEnvironment(inject('endpoint'));
  const command = promisify(execFile)(process.execPath, ['ops/main.ts', 'trace', orderId, '--json'], { env });
  return command.then(
    ({ stdout }) => JSON.parse(stdout),
    (error: { stderr: string }) => {
      if (/No order .* is known/.test(error.stderr)) return undefined;
      throw new Error(error.stderr);
    },
  );
}

/** Waits until the order's trace satisfies a condition. */
const waitForTrace = (orderId: string, what: string, good: (trace: Trace) => boolean) =>
  eventually(`the trace of ${orderId} shows ${what}`, async () => {
    const trace = await readTrace(orderId);
    return trace !== undefined && good(trace) ? trace : undefined;
  });

test("the trace of an order is its publisher's from end to end and shows each failed attempt with its error", async () => {
  onTestFinished(() => setGatewayState('up'));
  await setGatewayState('down');
  const order = testOrder();
  await setStock(order.sku, 1);
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  await publish({ ...placed(order), traceparent: `00-${traceId}-b7ad6b7169203331-01` });
  const failed = ({ attempts }: Trace) => attempts.filter(({ outcome }) => outcome === 'will be tried again');
  await waitForTrace(order.orderId, 'two failed tries', (trace) => failed(trace).length >= 2);
  // A try that has just begun is none to come.
  await waitForTrace(
    order.orderId,
    'when it is tried again',
    ({ nextTryAt = '' }) => nextTryAt > new Date().toISOString(),
  );
  const collect = statusCollector(shop);
  await eventually('the status says when payment tries again', async () => {
    const { consumers } = await collect();
    return consumers.find(({ name }) => name === 'payment')?.nextTryAt;
  });

  await setGatewayState('up');
  await decided(order.orderId);
  const everybody = Object.keys(routing).sort();
  const trace = await waitForTrace(order.orderId, 'a try of everybody, shipping to the end', ({ attempts }) => {
    const done = attempts.filter(({ outcome }) => outcome === 'done');
    const steps = done.filter(({ consumer }) => consumer === 'shipping').length;
    return steps >= 5 && everybody.every((name) => done.some(({ consumer }) => consumer === name));
  });
  expect(trace).toMatchObject({ status: 'CONFIRMED', traceId });
  expect([...new Set(trace.attempts.map((one) => one.traceId))]).toEqual([traceId]);
  const paymentAttempts = trace.attempts
    .filter(({ consumer }) => consumer === 'payment')
    .slice(0, failed(trace).length + 1);
  expect(paymentAttempts.map(({ attempt }) => attempt)).toEqual(paymentAttempts.map((_, index) => index + 1));
  expect(paymentAttempts.at(-1)).toMatchObject({ outcome: 'done', eventType: 'shop.order.placed.v1' });
  expect(failed(trace)[0]).toMatchObject({
    consumer: 'payment',
    errorType: 'UnavailableError',
    errorMessage: 'The payment gateway is down',
  });
  for (const { waitedMs, tookMs } of paymentAttempts.slice(1)) {
    expect(waitedMs).toBeGreaterThan(0);
    expect(tookMs).toBeGreaterThanOrEqual(0);
  }
  expect(JSON.stringify(trace)).not.toContain(order.phone);
  expect(JSON.stringify(trace)).not.toContain(order.token);
});

test('an order whose message is invalid is found by its id with the reason of its dead letters', async () => {
  const order = testOrder();
  const { data, ...event } = placed(order);
  await publish({ ...event, data: { ...data, items: [] } });
  const trace = await waitForTrace(order.orderId, 'its dead letters', ({ attempts }) => attempts.length >= 4);
  expect(trace).toMatchObject({ status: null, total: null, timeline: [] });
  for (const attempt of trace.attempts) {
    expect(attempt).toMatchObject({ outcome: 'dead-lettered', errorType: 'ContractError' });
    expect(attempt.errorMessage).toContain('data.items');
  }
  // Other tests use these queues too.
  for (const { consumer } of trace.attempts) await takeDeadLetter(consumer as ConsumerName, order.orderId);
});

test('the log of a consumer that is followed has each try once, with its error, and the log of an order those of all consumers', async () => {
  onTestFinished(() => setGatewayState('up'));
  await setGatewayState('down');
  const order = testOrder();
  await setStock(order.sku, 1);
  const following = startOps('logs', 'payment', '--follow', '--json', '--since', '1m');
  onTestFinished(() => void following.kill('SIGKILL'));
  const followed: LogEntry[] = [];
  createInterface({ input: following.stdout }).on('line', (line) => followed.push(JSON.parse(line)));
  const tries = () => followed.filter(({ orderId, attempt }) => orderId === order.orderId && attempt !== undefined);
  await publish(placed(order));
  await eventually('two failed tries are shown', async () => (tries().length >= 2 ? true : undefined));
  await setGatewayState('up');
  await decided(order.orderId);
  await eventually('the capture is shown', async () =>
    tries().some(({ published = [] }) => published.includes('shop.payment.captured.v1')) ? true : undefined,
  );
  following.kill('SIGINT');
  expect(await once(following, 'exit')).toEqual([0, null]);
  expect(tries()[0]).toMatchObject({
    function: 'payment',
    message: 'will be tried again',
    attempt: 1,
    errorType: 'UnavailableError',
    errorMessage: 'The payment gateway is down',
  });
  const keys = tries().map(({ messageId, attempt }) => `${messageId} ${attempt}`);
  expect(new Set(keys).size).toBe(keys.length);

  const shown = await eventually('all consumers of the order are shown', async () => {
    const { result } = await runOps('logs', '--order', order.orderId, '--since', '10m');
    const entries: LogEntry[] = result.entries;
    const names = new Set(entries.map((entry) => entry.function));
    return Object.keys(routing).every((name) => names.has(name)) ? entries : undefined;
  });
  expect(shown.every(({ orderId }) => orderId === order.orderId)).toBe(true);
  expect(shown.filter((entry) => entry.function === 'payment')).toEqual(tries());
  expect(JSON.stringify(shown)).not.toContain(order.phone);
  expect(JSON.stringify(shown)).not.toContain(order.token);
});
