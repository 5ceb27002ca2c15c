import { describe, expect, test } from 'vitest';
import { orderIdOf } from '../../../ops/dlq/dead-letter.ts';
import { formatOrderGroups } from '../../../ops/dlq/format.ts';
import { groupByOrder } from '../../../ops/dlq/group-by-order.ts';
import { addAttempts } from '../../../ops/orders/trace.ts';
import { addDeadLetters, findDeadLetters } from '../../../ops/orders/trace-dead-letters.ts';
import { traceDiagram } from '../../../ops/orders/trace-diagram.ts';
import { traceText } from '../../../ops/orders/trace-text.ts';
import { deadLetter, deadLetters, FakeQueue } from '../../builders/dead-letters.ts';

const CONSUMERS = ['order', 'payment', 'stock', 'notification'];

/** The dead letters that all consumers of the topic have of one refused order. */
const refused = (orderId: string, reason = 'data.total: is missing') =>
  CONSUMERS.map((consumer) =>
    deadLetter({
      id: `${consumer}-${orderId}`,
      consumer,
      body: JSON.stringify({ data: { orderId } }),
      attributes: { consumer, errorMessage: reason, failedAt: `2026-11-21T09:00:0${orderId.length}.000Z` },
    }),
  );

describe('Dead letters by order', () => {
  test('are one row for each order, with all consumers that hold one', () => {
    const orderIds = Array.from({ length: 12 }, (_, index) => `#10${index + 10}`);
    const groups = groupByOrder(orderIds.flatMap((orderId) => refused(orderId)));
    expect(groups.map(({ orderId, consumers, reason, count }) => ({ orderId, consumers, reason, count }))).toEqual(
      orderIds.map((orderId) => ({ orderId, consumers: CONSUMERS, reason: 'data.total: is missing', count: 4 })),
    );
  });

  test('have each problem once, whichever consumers name it, and the first and the last failure', () => {
    const [one, other] = refused('o-1');
    const more = { consumer: 'stock', errorMessage: 'data.total: is missing; id: is missing' };
    const late = { ...more, failedAt: '2026-11-22T09:00:00.000Z', errorType: 'TypeError' };
    const third = deadLetter({ consumer: 'stock', attributes: late });
    expect(groupByOrder([third, one, other].filter((letter) => letter !== undefined))).toEqual([
      {
        orderId: 'o-1',
        consumers: ['stock', 'order', 'payment'],
        errorType: 'TypeError, ContractError',
        reason: 'data.total: is missing; id: is missing',
        count: 3,
        firstSeen: '2026-11-21T09:00:03.000Z',
        lastSeen: '2026-11-22T09:00:00.000Z',
        expiresAt: '1970-01-15T00:00:01.000Z',
        example: { messageId: 'm-1' },
      },
    ]);
  });

  test('are sorted by what failed first', () => {
    const groups = groupByOrder([...refused('o-333'), ...refused('o-1'), ...refused('o-22')]);
    expect(groups.map(({ orderId }) => orderId)).toEqual(['o-1', 'o-22', 'o-333']);
  });

  test('are grouped by message where they name no order, in whatever envelope that is', () => {
    const body = '{"type":"x","id":"e-1"}';
    const wrapped = JSON.stringify({ Type: 'Notification', TopicArn: 'arn:aws:sns:x', Message: body });
    const groups = groupByOrder([
      deadLetter({ consumer: 'order', body: wrapped }),
      deadLetter({ consumer: 'payment', body, id: 'm-2' }),
      deadLetter({ consumer: 'payment', body: 'no JSON', id: 'm-3' }),
    ]);
    expect(groups.map(({ orderId, consumers, count }) => [orderId, consumers, count])).toEqual([
      [null, ['order', 'payment'], 2],
      [null, ['payment'], 1],
    ]);
    expect(formatOrderGroups(groups)).toContain('one message that names none');
    expect(formatOrderGroups(groupByOrder(refused('o-1')))).not.toContain('names none');
  });

  test.each([
    ['a number', '{"data":{"orderId":1029}}', '1029'],
    ['the subject', '{"type":"shop.order.placed.v1","subject":"o-1","data":{}}', 'o-1'],
    ['a text that is no JSON', '{"data":{"orderId":"#1029","total":', '#1029'],
    ['a receipt, which is about no order', '{"subject":"r-1","data":{"receiptId":"r-1"}}', undefined],
    ['nothing', '{}', undefined],
  ])('have the order that is in %s', (_, body, orderId) => expect(orderIdOf({ body })).toBe(orderId));
});

describe('The trace of an order', () => {
  const queuesOf = (letters: ReturnType<typeof refused>) => letters.map((letter) => new FakeQueue([letter]));

  test('that only dead letters know shows these, their reason and the next command', async () => {
    const queues = [...queuesOf(refused('#1029')), new FakeQueue(deadLetters(3))];
    const { deadLetters: found, incomplete } = await findDeadLetters(queues, '#1029');
    expect(incomplete).toEqual([]);
    const trace = addDeadLetters(undefined, '#1029', found);
    expect(trace).toMatchObject({
      orderId: '#1029',
      status: null,
      timeline: [],
      deadLetters: CONSUMERS.map((consumer) => ({
        consumer,
        messageId: `${consumer}-#1029`,
        errorType: 'ContractError',
        reason: 'data.total: is missing',
      })),
      next: "npm run ops -- dlq redrive --order '#1029' --edit",
    });
    const text = trace === undefined ? '' : traceText(trace);
    for (const consumer of CONSUMERS) expect(text).toMatch(new RegExp(`^${consumer} .*data.total: is missing`, 'm'));
    expect(text).toContain("dlq show --order '#1029'");
    expect(text).toContain("dlq redrive --order '#1029' --edit");
    expect(text).not.toContain('came to');
    expect(trace && traceDiagram(trace)).toContain(
      'payment--xdeadLetters: dead-lettered: ContractError: data.total: is missing',
    );
  });

  test('that is known shows its dead letters as well, and of another cause the command without an edit', () => {
    const known = addAttempts(undefined, 'o-1', [
      JSON.stringify({
        ...{ time: '2026-11-21T09:00:00.000Z', message: 'done', consumer: 'payment', orderId: 'o-1', messageId: 'm' },
        ...{ attempt: 1, eventType: 'shop.order.placed.v1' },
      }),
    ]);
    const cause = { consumer: 'stock', errorType: 'TypeError', errorMessage: 'x is not a function' };
    const trace = addDeadLetters(known, 'o-1', [deadLetter({ consumer: 'stock', attributes: cause })]);
    expect(trace).toMatchObject({
      attempts: [{ consumer: 'payment' }],
      deadLetters: [{ consumer: 'stock', messageId: 'm-1', errorType: 'TypeError', reason: 'x is not a function' }],
    });
    expect(trace?.next).toBe('npm run ops -- dlq redrive --order o-1');
    expect(trace && traceText(trace)).toMatch(/came to[\s\S]*stock .*TypeError/);
    expect(addDeadLetters(known, 'o-1', [])).toBe(known);
  });

  test('receives from no queue that is empty, and from a long one no more than 1,000, which it releases', async () => {
    const empty = new FakeQueue([]);
    const long = new FakeQueue(deadLetters(1_500));
    const { incomplete } = await findDeadLetters([empty, long], 'o-1');
    expect(empty.calls).toEqual([]);
    expect(long.calls.filter((call) => call === 'receive').length).toBeLessThanOrEqual(104);
    expect(long.inFlightIds).toEqual([]);
    expect(incomplete).toEqual(['payment']);
  });

  test('asks once for each ten of a queue, and waits for no more of them', async () => {
    const queue = new FakeQueue(deadLetters(3));
    expect((await findDeadLetters([queue], 'o-1')).deadLetters).toHaveLength(1);
    expect(queue.calls.filter((call) => call === 'receive').length).toBeLessThanOrEqual(4);
    expect(queue.inFlightIds).toEqual([]);
  });

  test('says which queue holds some in flight, which it cannot search', async () => {
    const queue = new FakeQueue(deadLetters(2));
    await queue.receive(1, 100);
    expect((await findDeadLetters([queue], 'o-0')).incomplete).toEqual(['payment']);
    await queue.receive(1, 100);
    expect(await findDeadLetters([queue], 'o-0')).toEqual({ deadLetters: [], incomplete: ['payment'] });
  });
});
