import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { textFor } from '../../lambdas/notification/texts.ts';
import { placed, queueUrl, sqs, testOrder } from '../deployed/deployed-shop.ts';
import type { TestOrder } from '../harness/shop-state.ts';
import { useHarness } from './harness.ts';
import { observeShop } from './observe-shop.ts';
import { useSweep } from './sweep-function.ts';

const shop = useHarness();
const sweep = useSweep(shop);

const CONSUMERS = ['order', 'payment', 'stock', 'notification'] as const;
type Consumer = (typeof CONSUMERS)[number];

/** What the second `placed` of an id says otherwise, and who refuses it: whoever has on record what it contradicts. */
const DIFFERENCES: Record<string, { other: () => Partial<TestOrder>; refusedBy: readonly Consumer[] }> = {
  goods: { other: () => ({ sku: testOrder().sku }), refusedBy: ['order', 'stock', 'notification'] },
  total: { other: () => ({ unitPrice: 15_000 }), refusedBy: ['order', 'payment', 'notification'] },
  // Shops retry with a new one.
  token: { other: () => ({ token: 'tok_mastercard' }), refusedBy: [] },
  phone: { other: () => ({ phone: testOrder().phone }), refusedBy: ['notification'] },
};

/** Two orders under one id, and which of them each consumer gets first: in this sequence, each of them before the other. */
type Rivals = {
  difference: string;
  first: TestOrder;
  second: TestOrder;
  deliveries: readonly (readonly [Consumer, TestOrder])[];
};

/** Builds rivals for every difference and every choice of who gets which first; between them, every sequence of the consumers occurs. */
function rivals(): Rivals[] {
  const sequences = permutations(CONSUMERS);
  const choices = Array.from({ length: 2 ** CONSUMERS.length }, (_, choice) => choice);
  const all = Object.entries(DIFFERENCES).flatMap(([difference, { other }]) =>
    choices.map((choice) => ({ difference, other, choice })),
  );
  return all.map(({ difference, other, choice }, index) => {
    const first = testOrder();
    const second = { ...first, ...other() };
    const sequence = sequences[index % sequences.length] ?? CONSUMERS;
    const pairs = sequence.map((consumer) => {
      const isSwapped = (choice & (1 << CONSUMERS.indexOf(consumer))) !== 0;
      return { consumer, orders: isSwapped ? [second, first] : [first, second] };
    });
    const deliveries = [0, 1].flatMap((turn) =>
      pairs.map(({ consumer, orders }) => [consumer, orders[turn] ?? first] as const),
    );
    return { difference, first, second, deliveries };
  });
}

const permutations = <T>(items: readonly T[]): T[][] =>
  items.length === 0
    ? [[]]
    : items.flatMap((item) => permutations(items.filter((one) => one !== item)).map((rest) => [item, ...rest]));

async function deliver([consumer, order]: readonly [Consumer, TestOrder]): Promise<void> {
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl(consumer), MessageBody: JSON.stringify(placed(order)) }));
}

test.each(['after each delivery', 'after all of them'] as const)(
  'of two orders under one id one is confirmed or both are cancelled, nothing is held, and what is refused is a dead letter, when outcomes arrive %s',
  async (when) => {
    const all = rivals();
    const skus = new Set(all.flatMap(({ first, second }) => [first.sku, second.sku]));
    for (const sku of skus) await shop().ledger.stock(sku, 1);
    for (let turn = 0; turn < 2 * CONSUMERS.length; turn += 1) {
      await Promise.all(all.map(({ deliveries }) => deliver(deliveries[turn] ?? never())));
      if (when === 'after each delivery') await shop().pump();
      else await shop().pump(CONSUMERS);
    }
    await shop().settle();
    for (const minutes of [10, 15, 49 * 60, 24 * 60]) await sweep.runAfter(minutes);

    for (const { first, second } of all) {
      shop().ledger.orders.set(first.orderId, first);
      shop().ledger.orders.set(second.orderId, second);
    }
    const state = await observeShop(shop().ledger);
    expect(state.waiting).toEqual([]);
    const ends = new Set<string>();
    for (const { difference, first, second, deliveries } of all) {
      const { orderId } = first;
      const about = `${difference}: ${deliveries.map(([consumer, order]) => `${consumer} ${order === first ? 1 : 2}`).join(', ')}`;
      const order = state.orders.get(orderId);
      ends.add(`${difference} ${order?.status} ${order?.reason ?? ''}`.trim());
      const refusedBy = state.deadLetters.filter(({ body }) => body.includes(orderId)).map(({ consumer }) => consumer);
      expect(refusedBy.sort(), about).toEqual([...(DIFFERENCES[difference]?.refusedBy ?? [])].sort());

      const sumOf = (kind: string) =>
        state.charges.reduce((sum, one) => sum + (one.orderId === orderId && one.kind === kind ? one.amount : 0), 0);
      const isConfirmed = order?.status === 'CONFIRMED';
      expect(sumOf('authorization') - sumOf('capture') - sumOf('void'), about).toBe(0);
      expect(sumOf('capture') - sumOf('refund'), about).toBe(isConfirmed ? order.total?.amount : 0);
      for (const sku of new Set([first.sku, second.sku])) {
        const sold = isConfirmed && order.items?.[0]?.sku === sku ? 1 : 0;
        expect(state.shelves.get(sku), about).toMatchObject({ available: 1 - sold, reserved: 0, sold });
      }
      const template = isConfirmed ? 'order-confirmed' : 'order-cancelled';
      const texts = [...new Set([first.phone, second.phone])].flatMap((phone) => state.texts[phone] ?? []);
      expect(texts, about).toEqual([textFor(template, first.locale, orderId)]);
    }
    expect([...ends].sort()).toEqual([]);
  },
  120_000,
);

function never(): never {
  throw new Error('Each order has a delivery for every turn');
}
