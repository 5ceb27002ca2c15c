import { describe, expect, test } from 'vitest';
import { wrapReplayed } from '../../lambdas/runtime/replay-envelope.ts';
import { findConsumerQueues, findLetterQueues, findPartnerQueues, findQueues } from '../../ops/consumers.ts';
import { orderIdOf, originalMessage } from '../../ops/dlq/dead-letter.ts';
import { formatDeadLetters, stripControlChars, toJson } from '../../ops/dlq/format.ts';
import { groupByReason, groupingKey } from '../../ops/dlq/group.ts';
import { groupByOrder } from '../../ops/dlq/group-by-order.ts';
import { maskPersonalData } from '../../ops/dlq/mask.ts';
import { checkSelectors, matcherOf } from '../../ops/dlq/plan.ts';
import { withEditedBody } from '../../ops/dlq/redrive.ts';
import { bareDeadLetter, deadLetter } from '../builders/dead-letters.ts';

const because = (errorMessage: string, failedAt = '2026-11-21T09:00:00.000Z') => ({
  attributes: { errorMessage, failedAt },
});

describe('Grouping dead letters', () => {
  test('groups reasons that differ only in ids and numbers, with count, first, last and an example', () => {
    const groups = groupByReason([
      deadLetter({ id: 'm-1', ...because('Step 2 of order o-1 has not come yet', '2026-11-21T09:00:02Z') }),
      deadLetter({ id: 'm-2', ...because('Step 3 of order 01JD8-x9 has not come yet', '2026-11-21T09:00:01Z') }),
      deadLetter({ id: 'm-3', ...because('Step 3 of order o-1 has not come yet', '2026-11-21T09:00:03Z') }),
    ]);
    expect(groups).toEqual([
      {
        consumer: 'payment',
        errorType: 'ContractError',
        reason: 'Step # of order <id> has not come yet',
        count: 3,
        firstSeen: '2026-11-21T09:00:01Z',
        lastSeen: '2026-11-21T09:00:03Z',
        // Fourteen days after they were sent.
        expiresAt: '1970-01-15T00:00:01.000Z',
        example: { messageId: 'm-1', orderId: 'o-1' },
      },
    ]);
  });

  test('keeps a reason verbatim if it is the same for all', () => {
    const reason = 'data.items[0].quantity: must be at least 1';
    expect(
      groupByReason([deadLetter(because(reason)), deadLetter({ id: 'm-2', ...because(reason) })])[0],
    ).toMatchObject({ reason });
  });

  test('separates consumers, error classes and reasons, the largest group first', () => {
    const groups = groupByReason([
      deadLetter(because('a')),
      deadLetter({ ...because('b'), id: 'm-2' }),
      deadLetter({ ...because('b'), id: 'm-3' }),
      deadLetter({ ...because('b'), consumer: 'stock' }),
      deadLetter({ attributes: { errorMessage: 'b', errorType: 'TypeError' } }),
    ]);
    expect(groups.map(({ count }) => count)).toEqual([2, 1, 1, 1]);
  });

  test('keeps the version in the names of events', () => {
    expect(groupingKey('type: must be one of shop.order.placed.v1')).toBe('type: must be one of shop.order.placed.v1');
  });
});

describe('The cause of a dead letter', () => {
  test('is what its consumer noted', () => {
    expect(deadLetter()).toMatchObject({
      errorType: 'ContractError',
      reason: 'data.total: is missing',
      failedAt: '2026-11-21T09:00:00.000Z',
      attempts: 1,
    });
  });

  test('says that SQS moved it after too many receives', () => {
    const moved = bareDeadLetter({ system: { SentTimestamp: '1000', DeadLetterQueueSourceArn: 'arn:aws:sqs:q' } });
    expect(moved).toMatchObject({ errorType: 'ReceivedTooOften', failedAt: '1970-01-01T00:00:01.000Z' });
    expect(moved.reason).toContain('the function of payment died');
  });

  test('says that the service of a partner never deleted what SQS moved', () => {
    const system = { SentTimestamp: '1000', DeadLetterQueueSourceArn: 'arn:aws:sqs:q' };
    const moved = bareDeadLetter({ consumer: 'crm', partner: true, system });
    expect(moved).toMatchObject({
      errorType: 'ReceivedTooOften',
      reason: 'the service of crm, a partner, received it again and again and never deleted it: its team knows why',
    });
    const byHand = bareDeadLetter({ consumer: 'crm', partner: true });
    expect(byHand.reason).toBe('it carries no reason: somebody put it here by hand');
  });

  test('says that EventBridge or SNS could not deliver it, without a phone number', () => {
    const rule = { RULE_ARN: 'r', TARGET_ARN: 't', ERROR_CODE: 'NO_PERMISSIONS', ERROR_MESSAGE: 'not +821012345678' };
    expect(bareDeadLetter({ attributes: rule })).toMatchObject({
      errorType: 'NotDelivered',
      reason: 'EventBridge could not deliver it: NO_PERMISSIONS: not +…',
    });
    const subscription = { RequestID: 'r', ErrorCode: '200', ErrorMessage: 'the queue is gone' };
    expect(bareDeadLetter({ attributes: subscription })).toMatchObject({
      errorType: 'NotDelivered',
      reason: 'SNS could not deliver it: 200: the queue is gone',
    });
  });

  test('says that there is no reason if none was given', () => {
    expect(bareDeadLetter()).toMatchObject({ errorType: 'NoReasonGiven' });
  });
});

describe('Selectors', () => {
  test('match by consumer, id, or a part of the error, the reason or the reason that a group shows', () => {
    const one = deadLetter(because('Step 2 of order o-1 has not come yet'));
    for (const reason of ['step 2 of', 'contracterror', 'of order <id> has', 'ContractError: Step']) {
      expect(matcherOf({ reason })(one)).toBe(true);
    }
    expect(matcherOf({ reason: 'stock' })(one)).toBe(false);
    expect(matcherOf({ consumer: 'stock' })(one)).toBe(false);
    expect(matcherOf({ consumer: 'payment', id: 'm-1' })(one)).toBe(true);
    expect(matcherOf({ consumer: 'payment', id: 'm-2' })(one)).toBe(false);
    expect(matcherOf({ order: 'o-1', reason: 'step 2' })(one)).toBe(true);
    expect(matcherOf({ order: 'o' })(one)).toBe(false);
    expect(matcherOf({ ids: new Set(['m-1', 'm-9']) })(one)).toBe(true);
    expect(matcherOf({ ids: new Set(['m-9']) })(one)).toBe(false);
  });

  test('are refused if they are empty, contradictory, or missing where one is required', () => {
    expect(() => checkSelectors({}, true)).toThrow(
      '--all, --consumer <name>, --reason <text>, --order <orderId> or --id',
    );
    expect(() => checkSelectors({ all: true, id: 'm-1' }, true)).toThrow('not both');
    expect(() => checkSelectors({ reason: ' ' }, true)).toThrow('empty');
    expect(() => checkSelectors({}, false)).not.toThrow();
  });

  test('find the queues of every consumer in the outputs, also of a consumer that is added', () => {
    const outputs = {
      PaymentQueueUrl: 'q',
      PaymentDeadLetterQueueUrl: 'd',
      LoyaltyPointsQueueUrl: 'q2',
      LoyaltyPointsDeadLetterQueueUrl: 'd2',
      OrdersTopicArn: 'arn',
    };
    expect(findQueues(outputs).map(({ consumer }) => consumer)).toEqual(['payment', 'loyaltyPoints']);
    expect(findQueues(outputs, 'payment')).toEqual([{ consumer: 'payment', queueUrl: 'q', deadLetterQueueUrl: 'd' }]);
    expect(() => findQueues(outputs, 'paymnt')).toThrow('the consumers are loyaltyPoints, payment.');
  });

  test('find what holds letters beside the consumers: steps that go back to the archive, and runs of the sweep that go nowhere', () => {
    const outputs = {
      ArchiveQueueUrl: 'q',
      ArchiveDeadLetterQueueUrl: 'd',
      ArchiveUndeliveredStepsDeadLetterQueueUrl: 'steps.fifo',
      SweepDeadLetterQueueUrl: 'runs',
    };
    expect(findQueues(outputs).map(({ consumer }) => consumer)).toEqual(['archive']);
    expect(
      findLetterQueues(outputs, 'archive').map(({ queueUrl, deadLetterQueueUrl }) => [deadLetterQueueUrl, queueUrl]),
    ).toEqual([
      ['d', 'q'],
      ['steps.fifo', 'q'],
    ]);
    expect(findLetterQueues(outputs, 'sweep')).toEqual([
      expect.objectContaining({ deadLetterQueueUrl: 'runs', final: expect.stringContaining('dlq discard') }),
    ]);
    expect(() => findLetterQueues(outputs, 'swep')).toThrow(
      'There is no consumer swep; the consumers are archive, sweep. Did you mean sweep?',
    );
  });

  test('find the queues of a partner, which a consumer is told from by its construct', () => {
    const outputs = Object.fromEntries(
      ['Payment', 'PartnerCrm', 'Partner3pl', 'Partners', 'Partner'].flatMap((id) => [
        [`${id}QueueUrl`, id],
        [`${id}DeadLetterQueueUrl`, `${id}-dead`],
      ]),
    );
    const crm = { consumer: 'crm', queueUrl: 'PartnerCrm', deadLetterQueueUrl: 'PartnerCrm-dead', partner: true };
    expect(findQueues(outputs, 'crm')).toEqual([crm]);
    expect(findPartnerQueues(outputs).map(({ consumer }) => consumer)).toEqual(['crm', '3pl']);
    expect(findConsumerQueues(outputs).map(({ consumer }) => consumer)).toEqual(['payment', 'partners', 'partner']);
    expect(() => findQueues(outputs, 'crn')).toThrow(
      'There is no consumer or partner crn; the consumers are partner, partners, payment, and the partners 3pl, crm. Did you mean crm?',
    );
  });
});

describe('The original message', () => {
  const detail = { id: 'e-1', type: 'shop.order.cancelled.v1', data: { orderId: 'o-1' } };

  test('is the body and the publisher’s attributes, without what was noted of the failure', () => {
    const back = originalMessage(deadLetter({ attributes: { tenant: 'a' }, system: { AWSTraceHeader: 'Root=1' } }));
    expect(back).toEqual({
      id: 'm-1',
      body: '{"data":{"orderId":"o-1"}}',
      attributes: { tenant: { DataType: 'String', StringValue: 'a' } },
      groupId: undefined,
      traceHeader: 'Root=1',
    });
  });

  test.each([
    [
      'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:fe460cdd:15',
      'Root=1-5759e988-bd862e3fe1be46a994272793',
    ],
    [
      'Lineage=1:fe460cdd:15|2:aa460cdd:3; Root=1-5759e988-bd862e3fe1be46a994272793',
      'Root=1-5759e988-bd862e3fe1be46a994272793',
    ],
    ['Lineage=1:fe460cdd:15', undefined],
    ['', undefined],
  ])('keeps the root of its trace only, or Lambda would stop it as a loop: %s', (AWSTraceHeader, kept) => {
    expect(originalMessage(deadLetter({ system: { AWSTraceHeader } })).traceHeader).toBe(kept);
  });

  test("keeps a publisher's attribute that has the name of another sender's failure attribute", () => {
    expect(Object.keys(originalMessage(deadLetter({ attributes: { ErrorCode: '7' } })).attributes)).toEqual([
      'ErrorCode',
    ]);
  });

  test('is the event alone where EventBridge put its envelope into the queue', () => {
    const body = JSON.stringify({ version: '0', 'detail-type': detail.type, source: '/shop/order', detail });
    const undelivered = bareDeadLetter({ body, attributes: { RULE_ARN: 'r', TARGET_ARN: 't', ERROR_CODE: 'c' } });
    expect(originalMessage(undelivered)).toMatchObject({ body: JSON.stringify(detail), attributes: {} });
    expect(orderIdOf(undelivered)).toBe('o-1');
  });

  test('is the message alone where SNS put its envelope into the queue', () => {
    const body = JSON.stringify({ Type: 'Notification', TopicArn: 't', Message: JSON.stringify(detail) });
    const attributes = { RequestID: 'r', ErrorCode: '200', ErrorMessage: 'gone' };
    expect(originalMessage(bareDeadLetter({ body, attributes })).body).toBe(JSON.stringify(detail));
  });

  test('keeps the original body as an attribute when it is edited, the first one when it is edited twice', () => {
    const once = withEditedBody(originalMessage(deadLetter()), '{"a":1}');
    expect(once.body).toBe('{"a":1}');
    expect(once.attributes.originalBody?.StringValue).toBe('{"data":{"orderId":"o-1"}}');
    expect(withEditedBody(once, '{"a":2}').attributes.originalBody?.StringValue).toBe('{"data":{"orderId":"o-1"}}');
  });

  test('cannot be edited when edited and original body do not fit into a message, or the attributes are full', () => {
    const large = originalMessage(deadLetter({ body: 'x'.repeat(600_000) }));
    expect(() => withEditedBody(large, 'y'.repeat(600_000))).toThrow('1 MiB');
    const full = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`a${index}`, 'x']));
    expect(() => withEditedBody(originalMessage(bareDeadLetter({ attributes: full })), 'y')).toThrow('attributes');
  });
});

describe('The output of dlq show', () => {
  const event = {
    data: {
      orderId: 'o-1',
      customer: { phone: '+821012345678', mobile: { number: 1012345678 }, note: 'call 01012345678 or 010-1234-5678' },
      payment: { token: 'tok_visa', card_token: ['abc'] },
      total: { amount: 12000 },
    },
  };

  test('masks phone numbers and tokens anywhere in a JSON body', () => {
    const shown = maskPersonalData(JSON.stringify(event));
    expect(shown).toContain('"orderId":"o-1"');
    expect(shown).toContain('"amount":12000');
    expect(shown).not.toMatch(/12345678|1234-|tok_|abc/);
  });

  test('masks them after a byte-order mark and in the text of an envelope, and finds the order', () => {
    const sns = JSON.stringify({ Type: 'Notification', TopicArn: 'a', Message: JSON.stringify(event) });
    for (const body of [`\uFEFF${JSON.stringify(event)}`, sns, `\uFEFF${sns}`]) {
      expect(maskPersonalData(body)).not.toMatch(/12345678|tok_|abc/);
      expect(orderIdOf({ body })).toBe(event.data.orderId);
      expect(orderIdOf({ body: wrapReplayed({ name: 'r', withEffects: true, body }) })).toBe(event.data.orderId);
    }
  });

  test('masks them in a body that is not JSON', () => {
    for (const body of [
      JSON.stringify(event).slice(0, -3),
      '{"phone": 01012345678, "token":"secret',
      'phone=+821012345678&token=abc-def',
      '"tok_visa for +821012345678"',
    ]) {
      expect(maskPersonalData(body)).not.toMatch(/12345678|1234-|tok_|abc|secret/);
    }
  });

  test('hides what is nested more than 100 levels deep, and with --reveal shows the body as it is', () => {
    const nested = `${'[{"phone":'.repeat(5_000)}"+821012345678"${'}]'.repeat(5_000)}`;
    const body = `{"data":{"orderId":"o-1","nested":${nested}}}`;
    const letter = deadLetter({ body });
    const shown = [formatDeadLetters([letter], { reveal: false, omitted: 0 }), JSON.stringify(toJson(letter, false))];
    for (const text of shown) {
      expect(text).toContain('o-1');
      expect(text).toContain('…');
      expect(text).not.toContain('12345678');
      expect(text.length).toBeLessThan(100_000);
    }
    expect(formatDeadLetters([letter], { reveal: true, omitted: 0 })).toContain(body);
  });

  test('has no control characters', () => {
    expect(stripControlChars('a\u001b[2Jb\n\tc\r')).toBe('a\u{fffd}[2Jb\n\tc\u{fffd}');
  });

  test('has every digit, spelling and repeated name of the body, laid out', () => {
    const body = '\uFEFF{"data":{"orderId":"o-1","total":{"amount":9007199254740993,"amount":1.0}}}  ';
    for (const reveal of [true, false]) {
      const shown = formatDeadLetters([deadLetter({ body })], { reveal, omitted: 0 });
      expect(shown).toContain('      "amount": 9007199254740993,\n      "amount": 1.0\n');
      expect(shown).toContain('begins with a byte-order mark');
      expect(toJson(deadLetter({ body }), reveal).body).toBe(body);
    }
  });

  test('masks an order id that is a phone number, and what a publisher named an attribute', () => {
    const letter = deadLetter({
      body: '{"data":{"orderId":"+821012345678"}}',
      attributes: { tenant: 'Kim', _01012345678: 'x', _01112345678: 'y' },
    });
    const shown = formatDeadLetters([letter], { reveal: false, omitted: 0 }) + JSON.stringify(toJson(letter, false));
    expect(shown).not.toMatch(/12345678|Kim/);
    expect(Object.keys(toJson(letter, false).attributes)).toHaveLength(3);
    expect(JSON.stringify([groupByReason([letter]), groupByOrder([letter])])).not.toContain('12345678');
    expect(formatDeadLetters([letter], { reveal: true, omitted: 0 })).toContain('+821012345678');
  });

  test('names the source lines of a bug, and of nothing else', () => {
    const lines = ['lambdas/stock/plan.ts:41:17', 'lambdas/runtime/consume.ts:230:21'];
    const stackTrace = ['2026-11-21T09:00:00.000Z', ...lines].join('\n');
    const bug = deadLetter({ attributes: { errorType: 'TypeError', errorMessage: 'x is not a function', stackTrace } });
    expect(toJson(bug, false)).toMatchObject({ stackTrace: lines, attributes: {} });
    expect(formatDeadLetters([bug], { reveal: false, omitted: 0 })).toContain(
      `  error     TypeError: x is not a function\n  at        ${lines[0]}\n            ${lines[1]}\n`,
    );
    expect(toJson(deadLetter(), false)).not.toHaveProperty('stackTrace');
    expect(originalMessage(bug).attributes).toEqual({});
  });

  test('is complete with --reveal', () => {
    const body = JSON.stringify(event);
    expect(toJson(deadLetter({ body }), true)).toMatchObject({ messageId: 'm-1', orderId: 'o-1', attempts: 1, body });
    expect(toJson(deadLetter({ body, attributes: { phone: '+821012345678' } }), false)).toMatchObject({
      body: maskPersonalData(body),
      attributes: { phone: '… text of 13 characters' },
    });
  });
});
