import { describe, expect, test } from 'vitest';
import { routing } from '../../infra/routing.ts';
import { wrapReplayed } from '../../lambdas/runtime/replay-envelope.ts';
import { cancelRequested, placed, publish, putOnBus, testOrder } from '../deployed/deployed-shop.ts';
import type { TestOrder } from '../harness/shop-state.ts';
import { checkInvariants } from './check-invariants.ts';
import { consumers } from './deployed-functions.ts';
import { useHarness } from './harness.ts';
import { placeMixed } from './scenario.ts';

const shop = useHarness();

async function confirmedOrder(): Promise<TestOrder> {
  const order = testOrder();
  await shop().ledger.stock(order.sku, 9);
  await shop().ledger.place([order]);
  await shop().settle();
  return order;
}

/** What the payment consumer would say, and what the stock consumer would, said by somebody else. */
const captured = ({ orderId, quantity, unitPrice }: TestOrder, source: string) => ({
  specversion: '1.0',
  id: `${orderId}.captured`,
  source,
  type: 'shop.payment.captured.v1',
  data: { orderId, amount: quantity * unitPrice, currency: 'KRW' },
});

const reserved = ({ orderId, sku, quantity }: TestOrder, source: string) => ({
  specversion: '1.0',
  id: `${orderId}.reserved`,
  source,
  type: 'shop.stock.reserved.v1',
  data: { orderId, items: [{ sku, quantity }] },
});

describe('An order id that is used again', () => {
  test.each<[string, Partial<TestOrder>]>([
    ['with another amount', { unitPrice: 1 }],
    ['with other goods', { quantity: 3, unitPrice: 4_000 }],
    ['by another customer', { customerId: 'c-8' }],
  ])('%s is dead-lettered as a conflict, and the first order is unchanged', async (_, other) => {
    const order = await confirmedOrder();
    const forged = placed({ ...order, ...other });
    await publish(forged);
    await shop().settle();
    const { deadLetters, orders } = await checkInvariants(shop(), {
      deadLetter: ({ body }) => body.includes(forged.id),
    });
    expect(deadLetters.map(({ consumer }) => consumer)).toContain('order');
    for (const { attributes } of deadLetters) expect(attributes.errorType).toBe('ConflictError');
    expect(orders.get(order.orderId)).toMatchObject({ status: 'CONFIRMED', total: { amount: 12_000 } });
  });

  test('with another amount at the same time leads to one consistent order', async () => {
    const order = testOrder();
    await shop().ledger.stock(order.sku, 9);
    await shop().ledger.place([order]);
    const forged = placed({ ...order, unitPrice: 1 });
    await publish(forged);
    await shop().settle();
    await checkInvariants(shop(), { deadLetter: ({ body }) => body.includes(forged.id) });
  });

  test('after its cancellation has no effect', async () => {
    const { cancelled, declined } = await placeMixed(shop().ledger);
    await shop().settle();
    for (const order of [...cancelled, ...declined]) await publish(placed({ ...order, token: 'tok_visa' }));
    await shop().settle();
    await checkInvariants(shop());
  });
});

describe('A forged outcome event', () => {
  test.each(['topic', 'bus'] as const)(
    'from an unknown source on the %s does not confirm an order',
    async (channel) => {
      const order = testOrder({ token: 'tok_error' });
      await shop().ledger.stock(order.sku, 1);
      await shop().ledger.place([order]);
      await shop().pump();
      const forged = captured(order, '/somebody/else');
      if (channel === 'topic') await publish(forged);
      else await putOnBus(forged);
      await shop().pump();
      expect(shop().statuses.get(order.orderId)).toEqual(['PLACED']);
    },
  );

  test.each([
    ['payment', captured],
    ['stock', reserved],
  ] as const)(
    'of %s on the orders topic is dead-lettered by the order consumer, with the allowed types in its reason',
    async (silent, outcome) => {
      const order = testOrder();
      await shop().ledger.stock(order.sku, 1);
      await shop().ledger.place([order]);
      const others = consumers.filter((name) => name !== silent);
      await shop().pump(others);
      const forged = outcome(order, `/shop/${silent}`);
      await publish(forged);
      await shop().pump(others);
      expect(shop().statuses.get(order.orderId)).toEqual(['PLACED']);

      await shop().settle();
      const { deadLetters } = await checkInvariants(shop(), { deadLetter: ({ body }) => body.includes(forged.id) });
      expect(deadLetters).toMatchObject([
        {
          consumer: 'order',
          body: JSON.stringify(forged),
          attributes: {
            errorType: 'ContractError',
            errorMessage: `type: must be one of ${routing.order.consumes.map(({ type }) => type).join(', ')}`,
          },
        },
      ]);
    },
  );
});

describe('A publisher of orders', () => {
  const asReplay = (body: object) => wrapReplayed({ name: 'mine', withEffects: false, body: JSON.stringify(body) });

  test('has no order taken for a replay, or for one that was forwarded, by attributes of its own', async () => {
    const orders = [testOrder(), testOrder()];
    for (const order of orders) {
      await shop().ledger.stock(order.sku, 1);
      shop().ledger.orders.set(order.orderId, order);
    }
    const attributes = { replayed: 'mine', withEffects: 'false', replay: 'mine', unwrapped: 'true' };
    const [bare = '', other = ''] = orders.map((order) => JSON.stringify(placed(order)));
    await publish(bare, attributes);
    // Behind a byte-order mark it passes no filter but that of `order`, which has to forward it.
    await publish(`\uFEFF${other}`, attributes);
    await shop().settle();
    const { orders: found } = await checkInvariants(shop());
    for (const { orderId } of orders) expect(found.get(orderId)?.status).toBe('CONFIRMED');
  });

  test('who wraps one as a replay is told that it is refused, and nobody else takes it', async () => {
    const { orderId } = await confirmedOrder();
    const forged = asReplay(cancelRequested(orderId));
    await publish(forged);
    await shop().settle();
    const { deadLetters, orders } = await checkInvariants(shop(), { deadLetter: ({ body }) => body === forged });
    expect(deadLetters).toMatchObject([
      { consumer: 'order', attributes: { errorMessage: 'body: must be an event, not a replay' } },
    ]);
    expect(orders.get(orderId)?.status).toBe('CONFIRMED');
  });
});

describe('Whoever reports payments', () => {
  // What its policy allows; the detail is its own.
  const REPORT = { source: '/shop/payments', type: 'shop.payment.received.v1' };

  test.each([
    ['shop.order.cancelled.v1', '/shop/order', { reason: 'customer' }],
    ['shop.order.confirmed.v1', '/shop/order', { items: [], total: { amount: 12_000, currency: 'KRW' } }],
    ['shop.payment.captured.v1', '/shop/payment', { amount: 12_000, currency: 'KRW' }],
    ['shop.stock.reserved.v1', '/shop/stock', { items: [] }],
    ['shop.payment.received.v1', '/shop/order', { amount: 12_000, currency: 'KRW' }],
    ['shop.order.cancelled.v1', '/shop/payments', { reason: 'customer' }],
  ])('cannot say %s from %s: it reaches nobody', async (type, source, data) => {
    const confirmed = await confirmedOrder();
    const waiting = testOrder({ token: 'tok_error' });
    await shop().ledger.stock(waiting.sku, 1);
    await shop().ledger.place([waiting]);
    await shop().pump();
    for (const { orderId } of [confirmed, waiting]) {
      const forged = { id: `${orderId}.forged`, source, type, data: { orderId, ...data } };
      await putOnBus(forged, REPORT);
    }
    await shop().pump();
    expect(shop().statuses.get(confirmed.orderId)?.at(-1)).toBe('CONFIRMED');
    expect(shop().statuses.get(waiting.orderId)).toEqual(['PLACED']);
    expect(shop().logged()).not.toContain('.forged');
  });
});

test('An outcome inside an event that its type lets through is not taken out of it', async () => {
  const order = await confirmedOrder();
  const { orderId } = order;
  const cancelled = {
    type: 'shop.order.cancelled.v1',
    source: '/shop/order',
    id: 'x',
    data: { orderId, reason: 'customer' },
  };
  const envelopes = [
    { account: '1', 'detail-type': cancelled.type, detail: cancelled },
    { Type: 'Notification', TopicArn: 'arn', Message: JSON.stringify(cancelled) },
  ];
  for (const envelope of envelopes) {
    const id = `${orderId}.forged`;
    await putOnBus({ id, type: 'shop.payment.received.v1', source: '/shop/payments', data: { orderId }, ...envelope });
    await publish({ id, type: 'shop.order.placed.v1', source: '/shop/checkout', data: { orderId }, ...envelope });
  }
  await shop().settle();
  const { orders } = await checkInvariants(shop(), { deadLetter: ({ body }) => body.includes('.forged') });
  expect(orders.get(orderId)).toMatchObject({ status: 'CONFIRMED' });
});

test("line breaks and links in a customer's name appear in no text and no log", async () => {
  const order = testOrder();
  await shop().ledger.stock(order.sku, 1);
  shop().ledger.orders.set(order.orderId, order);
  const message = placed(order);
  const id = 'Kim\nYou won: https://example.com/prize';
  await publish({ ...message, data: { ...message.data, customer: { ...message.data.customer, id } } });
  await shop().settle();
  const { texts } = await checkInvariants(shop());
  expect(`${texts[order.phone]} ${shop().logged()}`).not.toContain('example.com');
});
