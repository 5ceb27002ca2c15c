import { describe, expect, test } from 'vitest';
import { consumersIn } from '../../ops/consumers.ts';
import { alike, grouped } from '../../ops/dlq/group.ts';
import { orderIdOf } from '../../ops/dlq/letter.ts';
import { harmless, maskedBody } from '../../ops/dlq/mask.ts';
import { outgoing, withBody } from '../../ops/dlq/outgoing.ts';
import { checkSelectors, selected } from '../../ops/dlq/select.ts';
import { asJson } from '../../ops/dlq/show.ts';
import { bareLetter, letter } from '../builders/dead-letters.ts';

const because = (errorMessage: string, failedAt = '2026-11-21T09:00:00.000Z') => ({
  attributes: { errorMessage, failedAt },
});

describe('Grouping dead letters', () => {
  test('puts together what differs only in ids and numbers, with count, first, last and an example', () => {
    const groups = grouped([
      letter({ id: 'm-1', ...because('Step 2 of order o-1 has not come yet', '2026-11-21T09:00:02Z') }),
      letter({ id: 'm-2', ...because('Step 3 of order 01JD8-x9 has not come yet', '2026-11-21T09:00:01Z') }),
      letter({ id: 'm-3', ...because('Step 3 of order o-1 has not come yet', '2026-11-21T09:00:03Z') }),
    ]);
    expect(groups).toEqual([
      {
        consumer: 'payment',
        errorType: 'ContractError',
        reason: 'Step # of order <id> has not come yet',
        count: 3,
        firstSeen: '2026-11-21T09:00:01Z',
        lastSeen: '2026-11-21T09:00:03Z',
        example: { messageId: 'm-1', orderId: 'o-1' },
      },
    ]);
  });

  test('keeps a reason to the letter where all say the same', () => {
    const reason = 'data.items[0].quantity: must be at least 1';
    expect(grouped([letter(because(reason)), letter({ id: 'm-2', ...because(reason) })])[0]).toMatchObject({ reason });
  });

  test('keeps consumers, error classes and reasons apart, the largest group first', () => {
    const groups = grouped([
      letter(because('a')),
      letter({ ...because('b'), id: 'm-2' }),
      letter({ ...because('b'), id: 'm-3' }),
      letter({ ...because('b'), consumer: 'stock' }),
      letter({ attributes: { errorMessage: 'b', errorType: 'TypeError' } }),
    ]);
    expect(groups.map(({ count }) => count)).toEqual([2, 1, 1, 1]);
  });

  test('leaves the names of events as they are', () => {
    expect(alike('type: must be one of shop.order.placed.v1')).toBe('type: must be one of shop.order.placed.v1');
  });
});

describe('Why a letter is there', () => {
  test('is what its consumer noted', () => {
    expect(letter()).toMatchObject({
      errorType: 'ContractError',
      reason: 'data.total: is missing',
      failedAt: '2026-11-21T09:00:00.000Z',
      attempts: 1,
    });
  });

  test('is said for one that SQS moved after too many receives', () => {
    const moved = bareLetter({ system: { SentTimestamp: '1000', DeadLetterQueueSourceArn: 'arn:aws:sqs:q' } });
    expect(moved).toMatchObject({ errorType: 'ReceivedTooOften', failedAt: '1970-01-01T00:00:01.000Z' });
    expect(moved.reason).toContain('the function of payment died');
  });

  test('is said for what EventBridge or SNS could not deliver, without a phone number', () => {
    const rule = { RULE_ARN: 'r', TARGET_ARN: 't', ERROR_CODE: 'NO_PERMISSIONS', ERROR_MESSAGE: 'not +821012345678' };
    expect(bareLetter({ attributes: rule })).toMatchObject({
      errorType: 'NotDelivered',
      reason: 'EventBridge could not deliver it: NO_PERMISSIONS: not +…',
    });
    const subscription = { RequestID: 'r', ErrorCode: '200', ErrorMessage: 'the queue is gone' };
    expect(bareLetter({ attributes: subscription })).toMatchObject({
      errorType: 'NotDelivered',
      reason: 'SNS could not deliver it: 200: the queue is gone',
    });
  });

  test('is missing in plain words where nothing says it', () => {
    expect(bareLetter()).toMatchObject({ errorType: 'NoReasonGiven' });
  });
});

describe('Selecting', () => {
  test('by consumer, id, or a part of the error, the reason or what a group shows as its reason', () => {
    const one = letter(because('Step 2 of order o-1 has not come yet'));
    for (const reason of ['step 2 of', 'contracterror', 'of order <id> has', 'ContractError: Step']) {
      expect(selected({ reason })(one)).toBe(true);
    }
    expect(selected({ reason: 'stock' })(one)).toBe(false);
    expect(selected({ consumer: 'stock' })(one)).toBe(false);
    expect(selected({ consumer: 'payment', id: 'm-1' })(one)).toBe(true);
    expect(selected({ consumer: 'payment', id: 'm-2' })(one)).toBe(false);
  });

  test('needs to be said, and to say one thing', () => {
    expect(() => checkSelectors({}, true)).toThrow('--all, --consumer <name>, --reason <text> or --id');
    expect(() => checkSelectors({ all: true, id: 'm-1' }, true)).toThrow('not both');
    expect(() => checkSelectors({ reason: ' ' }, true)).toThrow('empty');
    expect(() => checkSelectors({}, false)).not.toThrow();
  });

  test('finds the queues of every consumer in the outputs, also of one that somebody adds', () => {
    const outputs = {
      PaymentQueueUrl: 'q',
      PaymentDeadLetterQueueUrl: 'd',
      LoyaltyPointsQueueUrl: 'q2',
      LoyaltyPointsDeadLetterQueueUrl: 'd2',
      OrdersTopicArn: 'arn',
    };
    expect(consumersIn(outputs).map(({ consumer }) => consumer)).toEqual(['payment', 'loyaltyPoints']);
    expect(consumersIn(outputs, 'payment')).toEqual([{ consumer: 'payment', queueUrl: 'q', deadLetterQueueUrl: 'd' }]);
    expect(() => consumersIn(outputs, 'paymnt')).toThrow('the consumers are loyaltyPoints, payment.');
  });
});

describe('What goes back', () => {
  const detail = { id: 'e-1', type: 'shop.order.cancelled.v1', data: { orderId: 'o-1' } };

  test('is the body and the publisher’s attributes, without what was noted of the failure', () => {
    const back = outgoing(letter({ attributes: { tenant: 'a' }, system: { AWSTraceHeader: 'Root=1' } }));
    expect(back).toEqual({
      id: 'm-1',
      body: '{"data":{"orderId":"o-1"}}',
      attributes: { tenant: { DataType: 'String', StringValue: 'a' } },
      groupId: undefined,
      traceHeader: 'Root=1',
    });
  });

  test('keeps an attribute of a publisher who happens to name it as another sender names his', () => {
    expect(Object.keys(outgoing(letter({ attributes: { ErrorCode: '7' } })).attributes)).toEqual(['ErrorCode']);
  });

  test('is the event alone where EventBridge put its envelope into the queue', () => {
    const body = JSON.stringify({ version: '0', 'detail-type': detail.type, source: '/shop/order', detail });
    const undelivered = bareLetter({ body, attributes: { RULE_ARN: 'r', TARGET_ARN: 't', ERROR_CODE: 'c' } });
    expect(outgoing(undelivered)).toMatchObject({ body: JSON.stringify(detail), attributes: {} });
    expect(orderIdOf(undelivered)).toBe('o-1');
  });

  test('is the message alone where SNS put its envelope into the queue', () => {
    const body = JSON.stringify({ Type: 'Notification', TopicArn: 't', Message: JSON.stringify(detail) });
    const attributes = { RequestID: 'r', ErrorCode: '200', ErrorMessage: 'gone' };
    expect(outgoing(bareLetter({ body, attributes })).body).toBe(JSON.stringify(detail));
  });

  test('keeps the original as an attribute when it was edited, the first one when twice', () => {
    const once = withBody(outgoing(letter()), '{"a":1}');
    expect(once.body).toBe('{"a":1}');
    expect(once.attributes.originalBody?.StringValue).toBe('{"data":{"orderId":"o-1"}}');
    expect(withBody(once, '{"a":2}').attributes.originalBody?.StringValue).toBe('{"data":{"orderId":"o-1"}}');
  });

  test('is refused when edited and original do not fit into a message, or the attributes are full', () => {
    const large = outgoing(letter({ body: 'x'.repeat(600_000) }));
    expect(() => withBody(large, 'y'.repeat(600_000))).toThrow('1 MiB');
    const full = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`a${index}`, 'x']));
    expect(() => withBody(outgoing(bareLetter({ attributes: full })), 'y')).toThrow('attributes');
  });
});

describe('What is shown', () => {
  const event = {
    data: {
      orderId: 'o-1',
      customer: { phone: '+821012345678', mobile: { number: 1012345678 }, note: 'call 01012345678 or 010-1234-5678' },
      payment: { token: 'tok_visa', card_token: ['abc'] },
      total: { amount: 12000 },
    },
  };

  test('has no phone number and no token, wherever somebody has put it', () => {
    const shown = maskedBody(JSON.stringify(event));
    expect(shown).toContain('"orderId":"o-1"');
    expect(shown).toContain('"amount":12000');
    expect(shown).not.toMatch(/12345678|1234-|tok_|abc/);
  });

  test('has none in what is no JSON either', () => {
    for (const body of [
      JSON.stringify(event).slice(0, -3),
      '{"phone": 01012345678, "token":"secret',
      'phone=+821012345678&token=abc-def',
      '"tok_visa for +821012345678"',
    ]) {
      expect(maskedBody(body)).not.toMatch(/12345678|1234-|tok_|abc|secret/);
    }
  });

  test('cannot work the terminal', () => {
    expect(harmless('a\u001b[2Jb\n\tc\r')).toBe('a\u{fffd}[2Jb\n\tc\u{fffd}');
  });

  test('has everything when it is to be revealed', () => {
    const body = JSON.stringify(event);
    expect(asJson(letter({ body }), true)).toMatchObject({ messageId: 'm-1', orderId: 'o-1', attempts: 1, body });
    expect(asJson(letter({ body, attributes: { phone: '+821012345678' } }), false)).toMatchObject({
      body: maskedBody(body),
      attributes: { phone: '+82…5678' },
    });
  });
});
