import '../provided.ts';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ulid } from 'ulid';
import { describe, expect, inject, test } from 'vitest';
import { engineEnvironment } from '../../../localstack/environment.ts';
import type { Trace } from '../../../ops/orders/trace.ts';
import { decided, eventually, placed, publish, setStock, shelfOf, shipmentOf, testOrder } from '../deployed-shop.ts';

/** Runs `ops` with arguments as a shell would pass them on. */
async function ops(...args: string[]): Promise<string> {
  const env = engineEnvironment(inject('endpoint'));
  return (await promisify(execFile)(process.execPath, ['ops/main.ts', ...args], { env })).stdout;
}

const unique = ulid();

/** Ids as platforms make them, and such as mean something to a shell, a URL, a filter, an object or a command. */
const ORDER_IDS = [
  `#1029-${unique}`,
  `gid://shopify/Order/${unique}`,
  `-Nabc${unique}`,
  `_V1StGXR8_Z5jdHi6B-${unique}`,
  `aGVs+/bG8=${unique}`,
  `../%2F..${unique}`,
  `$(x)&&*?|;<b>${unique}`,
  `a.b.1.${unique}`,
  `${unique}~{}[]`.padEnd(64, '^'),
  '__proto__',
  '#gateway',
];

// Most of the time is waiting, and no two of them share an order or a shelf.
describe.concurrent('An order whose id is what a platform made of it', () => {
  test.each(ORDER_IDS)('is confirmed, shipped and traced: %s', async (orderId) => {
    const order = testOrder({ orderId });
    await setStock(order.sku, 1);
    await publish(placed(order));
    expect((await decided(orderId)).status).toBe('CONFIRMED');
    await eventually(`${orderId} is shipped`, async () => (await shipmentOf(orderId))?.status === 'CONFIRMED');
    const trace = await eventually(`the trace of ${orderId} has its attempts`, async () => {
      const found: Trace = JSON.parse(await ops('trace', orderId, '--json'));
      return found.attempts.some(({ consumer }) => consumer === 'shipping') ? found : undefined;
    });
    expect(trace).toMatchObject({ orderId, status: 'CONFIRMED' });
    expect(new Set(trace.attempts.map(({ outcome }) => outcome))).toEqual(new Set(['done']));
  });
});

test.concurrent.each(['의자 01', 'A/B+c', '__proto__', 'toString', '-x', '🪑', 'O\'Neil "12" \\ `x`'])(
  'goods whose SKU is %s are put on their shelf, reserved and sold',
  async (sku) => {
    await ops('stock', 'set', sku, '5', '--json');
    const sold = (await shelfOf(sku))?.sold ?? 0;
    const order = testOrder({ sku, quantity: 2 });
    await publish(placed(order));
    expect((await decided(order.orderId)).items).toEqual([{ sku, quantity: 2 }]);
    await eventually(`${sku} is sold`, async () => (await shelfOf(sku))?.sold === sold + 2);
    const shown: { sku: string }[] = JSON.parse(await ops('stock', 'show', '--json'));
    expect(shown.filter((shelf) => shelf.sku === sku)).toEqual([{ sku, available: 3, reserved: 0, sold: sold + 2 }]);
  },
);

test('an order whose id begins with a dash is cancelled by its customer', async () => {
  const orderId = `-${ulid()}`;
  expect(await ops('cancel', orderId, '--reason', '-')).toContain(`trace ${orderId}`);
  await publish(placed(testOrder({ orderId })));
  expect(await decided(orderId)).toMatchObject({ status: 'CANCELLED', reason: 'customer' });
});
