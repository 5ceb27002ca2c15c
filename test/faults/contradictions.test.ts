import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { orderPlaced } from '../../contracts/order.ts';
import { textFor } from '../../lambdas/notification/texts.ts';
import { placed, queueUrl, sqs, testOrder } from '../deployed/deployed-shop.ts';
import type { BookEntry, ShopState, TestOrder } from '../harness/shop-state.ts';
import { checkAudit } from './check-invariants.ts';
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

type When = 'after each delivery' | 'after all of them';
const CONTRADICTION = ['CANCELLED contradiction', 'CONFIRMED'];
const ENDS = { goods: CONTRADICTION, phone: ['CONFIRMED'], token: ['CONFIRMED'], total: CONTRADICTION };

test.each<When>(['after each delivery', 'after all of them'])(
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

    for (const { first } of all) shop().ledger.orders.set(first.orderId, first);
    const state = await observeShop(shop().ledger);
    expect(state.waiting).toEqual([]);
    await checkAudit(shop().now);
    for (const one of all) checkEnd(state, one, when);
    for (const [difference, ends] of Object.entries(ENDS)) {
      const found = all.filter((one) => one.difference === difference).map(({ first }) => endOf(state, first));
      expect([...new Set(found)].sort(), difference).toEqual(ends);
    }
  },
  120_000,
);

function endOf({ orders }: ShopState, { orderId }: TestOrder): string {
  const { status, reason } = orders.get(orderId) ?? {};
  return [status, reason].filter(Boolean).join(' ');
}

/** Fails unless money, goods and texts are those of the order that was confirmed, or of none, and each refusal is a dead letter. */
function checkEnd(state: ShopState, { difference, first, second, deliveries }: Rivals, when: When): void {
  const { orderId } = first;
  const about = `${difference}: ${deliveries.map(([consumer, order]) => `${consumer} ${order === first ? 1 : 2}`).join(', ')}`;
  const letters = state.deadLetters.filter(({ body }) => body.includes(orderId));
  const refusedBy = letters.filter(({ body }) => JSON.parse(body).type === orderPlaced.type);
  expect(refusedBy.map(({ consumer }) => consumer).sort(), about).toEqual(
    DIFFERENCES[difference]?.refusedBy.toSorted(),
  );

  const { status, items, total } = state.orders.get(orderId) ?? {};
  const isConfirmed = status === 'CONFIRMED';
  const sumOf = (kind: BookEntry['kind']) =>
    state.charges.reduce((sum, one) => sum + (one.orderId === orderId && one.kind === kind ? one.amount : 0), 0);
  expect(sumOf('authorization') - sumOf('capture') - sumOf('void'), about).toBe(0);
  expect(sumOf('capture') - sumOf('refund'), about).toBe(isConfirmed ? total?.amount : 0);
  for (const sku of new Set([first.sku, second.sku])) {
    const sold = isConfirmed && items?.[0]?.sku === sku ? 1 : 0;
    expect(state.shelves.get(sku), about).toMatchObject({ available: 1 - sold, reserved: 0, sold });
  }
  // Whoever placed other goods, or for another total, than were confirmed is told nothing; a dead letter says so.
  const [placedFirst, toldFirst] = (['order', 'notification'] as const).map(
    (one) => deliveries.find(([consumer]) => consumer === one)?.[1],
  );
  // Unless it hears of the confirmation first.
  const isHeardFirst = when === 'after each delivery' && deliveries[CONSUMERS.length - 1]?.[0] === 'notification';
  const isTold = !['goods', 'total'].includes(difference) || placedFirst === toldFirst || isHeardFirst;
  const isUntold = isConfirmed && !isTold;
  const others = letters.filter((letter) => !refusedBy.includes(letter)).map(({ consumer }) => consumer);
  expect(new Set(others), about).toEqual(new Set(isUntold ? ['notification'] : []));
  const texts = [...new Set([first.phone, second.phone])].flatMap((phone) => state.texts[phone] ?? []);
  const text = textFor(isConfirmed ? 'order-confirmed' : 'order-cancelled', first.locale, orderId);
  expect(texts, about).toEqual(isUntold ? [] : [text]);
}

function never(): never {
  throw new Error('Each order has a delivery for every turn');
}
