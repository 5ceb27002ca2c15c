import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { orderPlaced } from '../../contracts/order.ts';
import { parseEvent } from '../../contracts/parse.ts';
import { placeCommand } from '../../ops/orders/command.ts';
import { generateOrder, orderPlacedEvent } from '../../ops/orders/generate.ts';
import { parseOrderMessage } from '../../ops/orders/place.ts';
import { type SendBatch, sendInBatches } from '../../ops/orders/publish.ts';
import { buildTrace } from '../../ops/orders/trace.ts';
import { traceText } from '../../ops/orders/trace-text.ts';

const now = new Date('2026-11-21T09:00:00Z');
const newId = () => '01J';

describe('A generated order', () => {
  test('keeps its contract', () => {
    const event = orderPlacedEvent(generateOrder(), now);
    expect(parseEvent(JSON.stringify(event), [orderPlaced])).toEqual({ ...event, time: '2026-11-21T09:00:00Z' });
  });

  test('has the parts that were chosen', () => {
    const order = generateOrder({ orderId: 'o-1', token: 'tok_declined', sku: 'MS-02', locale: 'en' });
    expect(order).toMatchObject({ orderId: 'o-1', payment: { token: 'tok_declined' }, items: [{ sku: 'MS-02' }] });
    expect(order.customer).toMatchObject({ locale: 'en', phone: '+447700900123' });
  });

  test('has a unique id', () => {
    expect(generateOrder().orderId).not.toBe(generateOrder().orderId);
  });
});

describe('An order that was given', () => {
  const order = generateOrder({ orderId: 'o-1001' });

  test('is wrapped in an event when it is bare', () => {
    const { body, orderId } = parseOrderMessage(JSON.stringify(order), false, now, newId);
    expect(orderId).toBe('o-1001');
    expect(JSON.parse(body)).toEqual({
      specversion: '1.0',
      id: '01J',
      source: '/shop/checkout',
      type: 'shop.order.placed.v1',
      time: '2026-11-21T09:00:00.000Z',
      subject: 'o-1001',
      data: order,
    });
  });

  test('is told with the number that the customer knows', () => {
    const numbered = JSON.stringify({ ...order, orderNumber: '#1029' });
    expect(parseOrderMessage(numbered, false)).toMatchObject({ orderId: 'o-1001', orderNumber: '#1029' });
  });

  test('is published unchanged when it is an event', () => {
    const body = `  ${JSON.stringify(orderPlacedEvent(order, now, newId))}\n`;
    expect(parseOrderMessage(body, false)).toEqual({ body, orderId: 'o-1001' });
  });

  test('is refused with every problem named by path', () => {
    const wrong = { ...order, items: [{ sku: 'KB-01', quantity: 0, unitPrice: 1 }], payment: { kind: 'barter' } };
    expect(() => parseOrderMessage(JSON.stringify(wrong), false)).toThrow(
      /data\.payment\.kind: must be one of[\s\S]*items\[0\]\.quantity/,
    );
    expect(() => parseOrderMessage('no JSON', false)).toThrow('body: must be JSON');
  });

  test('is published as it is when unchecked', () => {
    expect(parseOrderMessage('no JSON', true)).toEqual({ body: 'no JSON' });
    expect(JSON.parse(parseOrderMessage('{"orderId":7}', true, now, newId).body)).toMatchObject({
      data: { orderId: 7 },
    });
    expect(parseOrderMessage('{"orderId":7}', true, now, newId).orderId).toBe('7');
    expect(parseOrderMessage('{"orderId":"o-1","items":[]}', true, now, newId).orderId).toBe('o-1');
    expect(parseOrderMessage('{"orderId":"o\\u001b-1"}', true, now, newId)).not.toHaveProperty('orderId');
    expect(parseOrderMessage('[1]', true, now, newId).body).toBe('[1]');
    expect(parseOrderMessage(`\uFEFF${JSON.stringify(order)}`, true, now, newId).body).toContain('"data":{"orderId"');
  });
});

describe('Publishing', () => {
  const bodies = (count: number) => Array.from({ length: count }, (_, index) => String(index));
  const noWait = async () => undefined;

  test('sends ten messages in a call and all of them once', async () => {
    const sent: string[][] = [];
    const send: SendBatch = async (batch) => {
      sent.push([...batch]);
      return [];
    };
    await sendInBatches(bodies(23), send, { wait: noWait });
    expect(sent.map((batch) => batch.length)).toEqual([10, 10, 3]);
    expect(sent.flat()).toEqual(bodies(23));
  });

  test('sends no more bytes in a call than the service accepts', async () => {
    const sent: number[] = [];
    const send: SendBatch = async (batch) => {
      sent.push(batch.length);
      return [];
    };
    await sendInBatches(['a'.repeat(200_000), 'b'.repeat(100_000)], send, { wait: noWait });
    expect(sent).toEqual([1, 1]);
  });

  test('retries entries that failed by a fault of the service, and nothing else', async () => {
    const sent: string[] = [];
    const flaky: SendBatch = async (batch) => {
      const first = sent.length === 0;
      sent.push(...batch);
      return first ? [{ index: 4, code: 'InternalError', message: '', retryable: true }] : [];
    };
    expect(await sendInBatches(bodies(10), flaky, { wait: noWait })).toEqual([]);
    expect(sent).toEqual([...bodies(10), '4']);
  });

  test('returns with their positions the entries that failed for good or too often', async () => {
    const refuse: SendBatch = async (batch) =>
      batch.flatMap((body, index) =>
        body === '11' || body === '12' ? [{ index, code: 'No', message: 'no', retryable: body === '12' }] : [],
      );
    const refused = await sendInBatches(bodies(15), refuse, { wait: noWait });
    expect(refused).toEqual([
      { index: 11, code: 'No', message: 'no' },
      { index: 12, code: 'No', message: 'no' },
    ]);
  });
});

describe('A trace', () => {
  const order = {
    orderId: 'o-1',
    status: 'CONFIRMED' as const,
    timeline: [
      { time: '2026-11-21T09:00:00.900Z', type: 'shop.stock.reserved.v1', source: '/shop/stock' },
      { time: '2026-11-21T09:00:00Z', type: 'shop.order.placed.v1', source: '/shop/checkout' },
    ],
  };

  test('lists events and texts, oldest first', () => {
    const texts = { 'order-confirmed': { sentAt: '2026-11-21T09:00:01Z' }, 'order-placed': { sendingUntil: 'x' } };
    const trace = buildTrace({ order, notification: { texts } });
    expect(trace?.timeline.map(({ type, template }) => template ?? type)).toEqual([
      'shop.order.placed.v1',
      'shop.stock.reserved.v1',
      'order-confirmed',
    ]);
  });

  test('says until when a text waits, and names no such event', () => {
    const waiting = { texts: { 'order-confirmed': { notBefore: '2026-11-21T23:00:00.000Z' } } };
    const trace = buildTrace({ order, notification: waiting });
    expect(trace).toMatchObject({ textNotBefore: '2026-11-21T23:00:00.000Z' });
    expect(trace?.timeline).toHaveLength(2);
    expect(trace && traceText(trace)).toContain(', text waits until 2026-11-21T23:00:00.000Z, trace ');
    expect(buildTrace({ order })).not.toHaveProperty('textNotBefore');
  });

  test('names what the customer knows the order by', () => {
    const trace = buildTrace({ order: { ...order, orderNumber: '#1029' } });
    expect(trace).toMatchObject({ orderId: 'o-1', orderNumber: '#1029' });
    expect(trace && traceText(trace)).toMatch(/^o-1: CONFIRMED, number #1029, /);
    expect(buildTrace({ order })).not.toHaveProperty('orderNumber');
  });

  test('of an order that was never placed has no status', () => {
    expect(buildTrace({ order: { orderId: 'o-1', timeline: [] } })).toMatchObject({
      status: null,
      total: null,
    });
    expect(buildTrace({})).toBeUndefined();
  });
});

test('The help of place lists every token that the sandbox gateway treats in a way of its own', () => {
  const source = readFileSync('lambdas/payment/sandbox-gateway.ts', 'utf8');
  const tokens = new Set(source.match(/tok_\w+/g));
  expect(tokens.size).toBeGreaterThan(3);
  for (const token of tokens) expect(placeCommand().helpInformation().replaceAll(/\s+/g, ' ')).toContain(token);
});
