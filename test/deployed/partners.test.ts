import { afterAll, beforeEach, expect, inject, test } from 'vitest';
import { statusCollector } from '../../ops/status/collect.ts';
import { problemsOf, type ShopStatus } from '../../ops/status/health.ts';
import { verify } from '../../ops/verify/verify.ts';
import { scaledToEngine } from './capabilities.ts';
import {
  decided,
  depth,
  eventually,
  output,
  placed,
  publish,
  publishAll,
  setStock,
  shop,
  testOrder,
  textsTo,
  waitForEmptyQueues,
} from './deployed-shop.ts';
import { runOps } from './ops.ts';
import { failUntilMoved, purge, type ReceivedEvent, readBatch, readUntil } from './partner-reader.ts';

const CRM = { queue: 'PartnerCrmQueueUrl', deadLetters: 'PartnerCrmDeadLetterQueueUrl' };
const LEDGER = { queue: 'PartnerLedgerQueueUrl', deadLetters: 'PartnerLedgerDeadLetterQueueUrl' };
const both = [CRM, LEDGER].flatMap(({ queue, deadLetters }) => [queue, deadLetters]);

const emptyAll = async () => {
  if (inject('skip') === '') await Promise.all(both.map((name) => purge(output(name))));
};
beforeEach(emptyAll);
afterAll(emptyAll);

/** Places an order that is confirmed. */
async function confirmedOrder() {
  const order = testOrder();
  await setStock(order.sku, 1);
  await publish(placed(order));
  expect(await decided(order.orderId)).toMatchObject({ status: 'CONFIRMED' });
  return order;
}

const collect = statusCollector(shop);
const crmOf = ({ consumers }: ShopStatus) => consumers.find(({ name }) => name === 'crm');

const of = (orderId: string) => (received: readonly ReceivedEvent[]) =>
  received.filter(({ event }) => event.data.orderId === orderId);

test('a partner gets the bare events that its settings name, or every step of an order in sequence, and nothing else', async () => {
  const confirmed = await confirmedOrder();
  const declined = testOrder({ token: 'tok_declined' });
  await setStock(declined.sku, 1);
  await publish(placed(declined));
  await decided(declined.orderId);

  const ids = [confirmed.orderId, declined.orderId];
  const had = await readUntil(output(CRM.queue), 'crm has both outcomes', (received) =>
    ids.every((id) => of(id)(received).length > 0),
  );
  const typesOf = (id: string) => of(id)(had).map(({ event }) => event.type);
  expect(typesOf(confirmed.orderId)).toEqual(['shop.order.confirmed.v1']);
  expect(typesOf(declined.orderId)).toEqual(['shop.order.cancelled.v1']);
  for (const { event, message } of had) {
    expect(event).toMatchObject({ specversion: '1.0', source: '/shop/order' });
    expect(message.MessageAttributes ?? {}).toEqual({});
  }

  const isLast = ({ event }: ReceivedEvent) => event.data.sequence === 5;
  const steps = await readUntil(output(LEDGER.queue), 'ledger has every step', (received) =>
    of(confirmed.orderId)(received).some(isLast),
  );
  expect(new Set(steps.map(({ event }) => event.type))).toEqual(new Set(['shop.order.progressed.v1']));
  const own = of(confirmed.orderId)(steps);
  expect(own.map(({ event }) => event.data.sequence)).toEqual([1, 2, 3, 4, 5]);
  for (const { message } of own) expect(message.Attributes?.MessageGroupId).toBe(confirmed.orderId);
});

test('what a partner does not read waits while the shop goes on, and is all there when it reads again', async () => {
  const orders = Array.from({ length: scaledToEngine(100) }, () => testOrder());
  await Promise.all(orders.map(({ sku }) => setStock(sku, 1)));
  await publishAll(orders.map((order) => placed(order)));
  for (const { orderId } of orders) await decided(orderId);
  await eventually('every outcome waits', async () => (await depth(output(CRM.queue))).waiting === orders.length, 60);
  // What waits for a partner keeps nothing of the shop from coming to rest.
  await waitForEmptyQueues();

  const status = await eventually('the status knows for how long', async () => {
    const collected = await collect();
    return (crmOf(collected)?.oldestSeconds ?? 0) > 0 ? collected : undefined;
  });
  expect(crmOf(status)).toMatchObject({ partner: true, waiting: orders.length, deadLetters: 0, breaker: null });
  expect(problemsOf(status).filter(({ consumer }) => consumer === 'crm')).toEqual([]);

  const had = await readUntil(
    output(CRM.queue),
    'crm has read all',
    (received) => new Set(received.map(({ event }) => event.data.orderId)).size >= orders.length,
  );
  expect(had.map(({ event }) => event.data.orderId).sort()).toEqual(orders.map(({ orderId }) => orderId).sort());
  expect(await readBatch(output(CRM.queue))).toEqual([]);
});

test.each([
  ['crm', CRM],
  ['ledger', LEDGER],
])(
  'a message that %s receives twenty times and never deletes is a dead letter, and goes back bare',
  async (name, { queue, deadLetters }) => {
    const { orderId } = await confirmedOrder();
    const waiting = async () => (await depth(output(deadLetters))).waiting;
    await eventually('its messages have come', async () => (await depth(output(queue))).waiting > 0);
    await failUntilMoved(output(queue), waiting);

    const listed = await runOps('dlq', 'list', '--consumer', name);
    expect(listed.result).toMatchObject([{ consumer: name, errorType: 'ReceivedTooOften' }]);
    const traced = await runOps('trace', orderId);
    expect(traced.result.deadLetters).toContainEqual(
      expect.objectContaining({ consumer: name, errorType: 'ReceivedTooOften' }),
    );

    await purge(output(queue));
    const back = await runOps('dlq', 'redrive', '--consumer', name, '--yes');
    expect(back, back.said).toMatchObject({ code: 0 });
    expect(back.result.moved).toBeGreaterThan(0);
    expect(await waiting()).toBe(0);
    const [first] = await readUntil(output(queue), 'it is back', (received) => received.length > 0);
    expect(first?.event).toMatchObject({ specversion: '1.0', data: { orderId } });
    expect(first?.message.MessageAttributes ?? {}).toEqual({});
  },
);

test('a replay to a partner sends it its own events, bare and marked, and nobody else', async () => {
  const { orderId, phone } = await confirmedOrder();
  await eventually('the customer is texted', async () => (await textsTo(phone)).length === 1);
  await waitForEmptyQueues();
  const replayTo = (...args: string[]) => runOps('replay', '--from', '1h', '--order', orderId, ...args);
  await eventually('the archive has it', async () => (await replayTo('--to', 'crm', '--dry-run')).result?.count === 1);
  await emptyAll();

  const { code, said, result } = await replayTo('--to', 'crm', '--yes');
  expect(code, said).toBe(0);
  expect(result).toMatchObject({ consumer: 'crm', partner: true, types: { 'shop.order.confirmed.v1': 1 } });
  const [again, ...others] = await readUntil(output(CRM.queue), 'it is replayed', (received) => received.length > 0);
  expect(again?.event).toMatchObject({ type: 'shop.order.confirmed.v1', data: { orderId } });
  expect(again?.message.MessageAttributes).toMatchObject({
    replayed: { DataType: 'String', StringValue: result.name },
  });
  expect(others).toEqual([]);
  await waitForEmptyQueues();
  expect((await depth(output(LEDGER.queue))).waiting).toBe(0);
  expect(await textsTo(phone)).toHaveLength(1);

  expect((await replayTo('--to', 'crm', '--with-effects', '--yes')).said).toContain('--with-effects is for consumers');
  expect((await replayTo('--to', 'crm', '--type', 'shop.order.placed.v1')).said).toContain(
    'crm does not get shop.order.placed.v1, only',
  );
  expect((await replayTo('--to', 'ledgr')).said).toContain('Did you mean ledger?');
});

test('the ways to partners are verified by reading; a pause is refused; an event is explained with who reads it', async () => {
  const { hops } = await verify(shop, { timeoutSeconds: 60 });
  expect(hops.filter(({ ok }) => !ok)).toEqual([]);
  const toPartners = hops.filter(({ to }) => /^(crm|ledger)\b/.test(to));
  expect(toPartners.map(({ from, to }) => `${from} → ${to}`).sort()).toEqual([
    'bus → crm',
    'bus → crm dead letters',
    'crm queue → crm dead letters',
    'ledger queue → ledger dead letters',
    'lifecycle topic → ledger',
    'lifecycle topic → ledger dead letters',
  ]);
  expect(new Set(toPartners.map(({ by }) => by))).toEqual(new Set(['read']));
  expect(await readBatch(output(CRM.queue))).toEqual([]);
  expect(await readBatch(output(LEDGER.queue))).toEqual([]);

  const paused = await runOps('pause', 'crm', '--reason', 'too slow', '--yes');
  expect(paused.code).toBe(1);
  expect(paused.said).toContain('crm is a partner, whose own service reads its queue');
  const { result } = await runOps('explain', 'shop.order.confirmed.v1');
  expect(result.routes).toContainEqual(
    expect.objectContaining({ to: 'crm', partner: true, gets: 'yes', functions: [], permission: 'granted' }),
  );
});
