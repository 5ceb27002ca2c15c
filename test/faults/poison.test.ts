import { PurgeQueueCommand, ReceiveMessageCommand, SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { orderRefused } from '../../contracts/order.ts';
import { parseEvent } from '../../contracts/parse.ts';
import { subscribeToBus } from '../deployed/bus-queue.ts';
import { eventually, placed, publish, queueUrl, sqs, testOrder } from '../deployed/deployed-shop.ts';
import type { QueuedMessage } from '../harness/shop-state.ts';
import { checkAudit, checkInvariants } from './check-invariants.ts';
import { standardConsumers as consumers } from './deployed-functions.ts';
import { useHarness } from './harness.ts';

const shop = useHarness();

/** A message that would be good but for what `change` does to its data, given as the text that travels. */
function spoiled(change: (data: ReturnType<typeof placed>['data']) => object): string {
  const good = placed(testOrder());
  return JSON.stringify({ ...good, data: { ...good.data, ...change(good.data) } });
}
const quantity = (value: unknown) => spoiled(({ items }) => ({ items: [{ ...items[0], quantity: value }] }));
const raw = (value: string) => quantity('RAW').replace('"RAW"', value);
const padding = (bytes: number) => 'x'.repeat(bytes);

const poison: Record<string, () => string> = {
  'broken JSON': () => `{"type":"shop.order.placed.v1","data":`,
  'no JSON object': () => 'null',
  'wrong types': () => spoiled(() => ({ items: 'none', total: [] })),
  'no data': () => JSON.stringify({ ...placed(testOrder()), data: undefined }),
  '10,000 levels deep': () => raw('['.repeat(10_000) + ']'.repeat(10_000)),
  '1 MB of brackets': () => '['.repeat(500_000) + ']'.repeat(500_000),
  __proto__: () => raw('1,"__proto__":{"quantity":1},"constructor":{"prototype":{}},"sku":"__proto__"'),
  'a type called __proto__': () => JSON.stringify({ ...placed(testOrder()), type: '__proto__' }),
  '1e400': () => raw('1e400'),
  'quantity zero': () => quantity(0),
  'a negative quantity': () => quantity(-1),
  'half a piece': () => quantity(0.5),
  'a lone surrogate': () => spoiled(() => ({ payment: { token: 'tok_\ud800' } })),
  'a wrong sum': () => spoiled(({ total }) => ({ total: { ...total, amount: total.amount - 1 } })),
  '150 lines': () => spoiled(({ items }) => ({ items: Array.from({ length: 150 }, () => items[0]) })),
  'nearly 1 MiB': () => spoiled(() => ({ items: [], note: padding(1_000_000) })),
};

const sendTo = (consumer: (typeof consumers)[number], bodies: readonly string[]) =>
  sqs.send(
    new SendMessageBatchCommand({
      QueueUrl: queueUrl(consumer),
      Entries: bodies.map((MessageBody, index) => ({ Id: `${index}`, MessageBody })),
    }),
  );

async function nineGood(): Promise<void> {
  const { sku } = testOrder();
  await shop().ledger.stock(sku, 9);
  await shop().ledger.place(Array.from({ length: 9 }, () => testOrder({ sku })));
}

/** The dead letters must be exactly these bodies, unchanged, for every consumer, each with its reason, not retried once. */
function expectLetters(deadLetters: readonly QueuedMessage[], bodies: readonly string[]): void {
  for (const consumer of consumers) {
    const own = deadLetters.filter((letter) => letter.consumer === consumer);
    expect(own.map(({ body }) => body).sort()).toEqual([...bodies].sort());
    for (const { attributes } of own)
      expect(attributes).toMatchObject({ consumer, errorType: 'ContractError', attempts: '1' });
  }
}

let refusals: string;

beforeAll(async () => {
  refusals = await subscribeToBus([orderRefused.type]);
});

beforeEach(async () => {
  await sqs.send(new PurgeQueueCommand({ QueueUrl: refusals }));
});

/** Waits until publishers are told of so many messages, and returns the ids of all they were told. */
async function toldPublishers(count: number): Promise<string[]> {
  const ids: string[] = [];
  await eventually(`${count} messages are refused`, async () => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: refusals, MaxNumberOfMessages: 10, VisibilityTimeout: 600 }),
    );
    ids.push(...Messages.map(({ Body = '' }) => parseEvent(Body, [orderRefused]).id));
    return Messages.length === 0 && new Set(ids).size >= count;
  });
  return ids;
}

/** Publishers must be told once of each of these messages. */
async function expectToldOnce(bodies: readonly string[]): Promise<void> {
  const ids = await toldPublishers(bodies.length);
  expect([ids.length, new Set(ids).size]).toEqual([bodies.length, bodies.length]);
}

describe('An invalid message in a batch of ten is dead-lettered at once and the other nine are done', () => {
  test.each(Object.keys(poison))('%s', async (kind) => {
    const body = poison[kind]?.() ?? '';
    await nineGood();
    for (const consumer of consumers) await sendTo(consumer, [body]);
    await shop().settle();
    const { deadLetters, orders } = await checkInvariants(shop(), { deadLetter: (letter) => letter.body === body });
    expectLetters(deadLetters, [body]);
    await expectToldOnce([body]);
    expect([...orders.values()].filter(({ status }) => status === 'CONFIRMED')).toHaveLength(9);
  });

  test('1 MiB without room for a reason', async () => {
    const empty = spoiled(() => ({ items: [], note: '' }));
    const body = empty.replace('"note":""', `"note":"${padding(1_048_576 - empty.length)}"`);
    await nineGood();
    for (const consumer of consumers) await sendTo(consumer, [body]);
    await shop().settle();
    const { deadLetters } = await checkInvariants(shop(), { deadLetter: (letter) => letter.body === body });
    expect(deadLetters).toHaveLength(consumers.length);
    await expectToldOnce([body]);
  });

  test('two of 600 kB that exceed one call', async () => {
    const bodies = [1, 2].map((number) => spoiled(() => ({ items: [], note: padding(600_000) + number })));
    await nineGood();
    for (const consumer of consumers) for (const body of bodies) await sendTo(consumer, [body]);
    await shop().settle();
    const { deadLetters } = await checkInvariants(shop(), { deadLetter: ({ body }) => bodies.includes(body) });
    expectLetters(deadLetters, bodies);
    await expectToldOnce(bodies);
  });
});

describe('A batch in which all ten messages fail', () => {
  test('permanently leaves ten dead letters', async () => {
    const bodies = Array.from({ length: 10 }, () => quantity(0));
    for (const consumer of consumers) await sendTo(consumer, bodies);
    await shop().settle();
    const { deadLetters } = await checkInvariants(shop(), { deadLetter: ({ body }) => bodies.includes(body) });
    expectLetters(deadLetters, bodies);
    await expectToldOnce(bodies);
  });

  test.each(['throttle', 'lose-answer', 'fail-entries', 'refuse'] as const)(
    'permanently is told to its publisher under one id for each, with its own reason, although the bus fails with %s',
    async (kind) => {
      const bodies = Array.from({ length: 10 }, () => quantity(0));
      shop().proxy.add({ caller: /^order-/, operation: 'PutEvents', times: 6, fault: { kind } });
      await sendTo('order', bodies);
      await shop().settle();
      const { deadLetters } = await checkInvariants(shop(), { deadLetter: ({ body }) => bodies.includes(body) });
      expect(deadLetters.map(({ body }) => body).sort()).toEqual(bodies.sort());
      for (const { attributes } of deadLetters)
        expect(attributes).toMatchObject({
          errorType: 'ContractError',
          errorMessage: 'data.items[0].quantity: must be at least 1',
        });
      // A lost answer may tell it twice.
      expect(new Set(await toldPublishers(bodies.length)).size).toBe(bodies.length);
    },
  );

  test('temporarily deletes no message', async () => {
    shop().proxy.add({ service: 'dynamodb', fault: { kind: 'refuse' } });
    const { sku } = testOrder();
    await shop().ledger.stock(sku, 10);
    await shop().ledger.place(Array.from({ length: 10 }, () => testOrder({ sku })));
    await shop().pump();
    const waiting = consumers.filter((name) => name !== 'outcomes').map((name) => shop().source(name).waiting);
    expect(waiting).toEqual([10, 10, 10, 10]);
    shop().faults(1);
    await shop().settle();
    await checkInvariants(shop());
  });

  test.each(['throttle', 'lose-answer', 'fail-entries', 'refuse'] as const)(
    'loses nothing when the dead-letter queue fails with %s',
    async (kind) => {
      const bodies = Array.from({ length: 5 }, () => quantity(0));
      shop().proxy.add({ operation: 'SendMessageBatch', probability: 0.5, times: 20, fault: { kind } });
      await nineGood();
      await sendTo('payment', bodies);
      await shop().settle();
      const { deadLetters } = await checkInvariants(shop(), { deadLetter: ({ body }) => bodies.includes(body) });
      // A lost answer may leave a second copy; none may be missing.
      expect(new Set(deadLetters.map(({ body }) => body))).toEqual(new Set(bodies));
    },
  );
});

test('An order with one SKU on two lines and an order of 99 lines are confirmed', async () => {
  const { ledger } = shop();
  const twice = testOrder({ quantity: 2 });
  await ledger.stock(twice.sku, 2);
  ledger.orders.set(twice.orderId, twice);
  const one = placed(twice);
  const [item] = one.data.items;
  await publish({ ...one, data: { ...one.data, items: [1, 2].map(() => ({ ...item, quantity: 1 })) } });

  const large = testOrder({ unitPrice: 99 });
  const skus = Array.from({ length: 99 }, (_, index) => `${large.sku}-${index}`);
  for (const sku of skus) await ledger.stock(sku, 1);
  const other = placed(large);
  await publish({ ...other, data: { ...other.data, items: skus.map((sku) => ({ sku, quantity: 1, unitPrice: 1 })) } });
  await shop().settle();
  const statuses = [...shop().statuses.values()].map((seen) => seen.at(-1));
  expect(statuses).toEqual(['CONFIRMED', 'CONFIRMED']);
  await checkAudit(shop().now);
  ledger.goods.clear();
  await ledger.stock(twice.sku, 2);
});
