import { expect, test } from 'vitest';
import { testOrder } from '../deployed/deployed-shop.ts';
import type { Fault } from '../harness/fault-rules.ts';
import { checkInvariants } from './check-invariants.ts';
import { useHarness } from './harness.ts';
import { useSweep } from './sweep-function.ts';

const shop = useHarness();
const sweep = useSweep(shop, { REMINDER_SECONDS: String(6 * 3600) });

const faults: readonly (readonly [string, Fault])[] = [
  ['is killed before it publishes', { kind: 'crash', when: 'before' }],
  ['is killed after it published', { kind: 'crash', when: 'after' }],
  ['gets no response', { kind: 'lose-answer' }],
  ['fails to publish half of its events', { kind: 'fail-entries', share: 0.5 }],
];

test.each(faults)(
  'undecided orders are timed out once, and each customer is reminded once, when a sweep %s',
  async (_, fault) => {
    const { ledger } = shop();
    const orders = Array.from({ length: 4 }, () => testOrder());
    for (const { sku } of orders) await ledger.stock(sku, 1);
    await ledger.place(orders);
    const others = ['order', 'outcomes', 'stock', 'notification', 'shipping'] as const;
    await shop().pump(others);

    for (const hours of [7, 42]) {
      await shop().pass(hours * 3_600);
      const rule = { caller: /^sweep/, operation: 'PutEvents', times: 1, fault };
      shop().proxy.add(rule);
      await sweep.run();
      expect(shop().proxy.hits(rule)).toBe(1);
      // The next ones come five minutes later, one of them while the last one's messages still wait.
      await sweep.run();
      await sweep.run();
      await shop().pump(others);
      await sweep.run();
      await shop().pump(others);
    }

    // What the gateway does now is too late.
    await shop().settle();
    const reminded = new Set(orders.map(({ orderId }) => orderId));
    const world = await checkInvariants(shop(), { reminded });
    for (const { orderId } of orders) {
      expect(world.orders.get(orderId)).toMatchObject({ status: 'CANCELLED', reason: 'timed-out' });
      const types = world.orders.get(orderId)?.timeline.map(({ type }) => type) ?? [];
      expect(types.filter((type) => type === 'shop.order.reminder-due.v1')).toHaveLength(1);
    }
  },
);
