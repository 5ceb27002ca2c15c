import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shippedCatalog } from '../../contracts/catalog.ts';
import { buildEvent, type CloudEvent } from '../../contracts/cloud-event.ts';
import { orderProgressed } from '../../contracts/lifecycle.ts';
import {
  goodsOf,
  type OrderPlaced,
  orderDeadlinePassed,
  orderPlaced,
  orderReconciliationDue,
  orderReminderDue,
} from '../../contracts/order.ts';
import { parseEvent } from '../../contracts/parse.ts';
import { normalizeTime } from '../../contracts/time.ts';
import type { ShippedConsumerName } from '../../infra/routing.ts';
import { refusalOf } from '../../lambdas/order/refusal.ts';
import type { PaymentEffect, PaymentEffectResult } from '../../lambdas/payment/effects.ts';
import { resumePayment } from '../../lambdas/payment/outcome.ts';
import { BusyError, ConflictError, WaitingError } from '../../lambdas/runtime/failure.ts';
import { MAX_MESSAGE_BYTES, messageBytes } from '../../lambdas/runtime/message-size.ts';
import { withTraceparent } from '../../lambdas/runtime/publish.ts';
import { findingOf, messageForUndecided, type SweepMessage } from '../../lambdas/sweep/rules.ts';
import { sqsRecord } from '../builders/deliveries.ts';
import { cancelRequested, paymentReceived, placed, refundRequested, shipped } from '../builders/events.ts';
import { extremeOrders, extremeTexts } from '../builders/extreme-orders.ts';
import { mutationsOf } from '../builders/mutations.ts';
import { CONSUMERS, PureShop, readBy } from '../builders/pure-shop.ts';
import { wholeOrders } from '../builders/whole-orders.ts';

const NOW = new Date('2026-11-21T09:00:05Z');
const STACK = shippedCatalog.filter(({ sentBy }) => sentBy === 'stack').map(({ type }) => type);

// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html, and an SNS topic's MaximumMessageSize by default.
const MAX_EVENT_BYTES = 262_144;
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
const CARRIED_CHARACTERS = /^[\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;
// https://docs.aws.amazon.com/sns/latest/api/API_PublishBatchRequestEntry.html
const GROUP_OR_DEDUPLICATION_ID = /^[\w!"#$%&'()*+,\-./:;<=>?@[\\\]^`{|}~]{1,128}$/;

const reads = (name: ShippedConsumerName, event: CloudEvent) => readBy(name).some(({ type }) => type === event.type);

/** Fails unless a published event can be carried, and every consumer that reads its type reads all of it. */
function expectReadByAll(event: CloudEvent): void {
  const body = JSON.stringify(event);
  const sent = { ...JSON.parse(body), time: normalizeTime(event.time ?? '') };
  const readers = CONSUMERS.filter((name) => reads(name, event)).map(readBy);
  for (const contracts of [shippedCatalog, ...readers]) {
    const received = parseEvent(body, contracts);
    // Faster than the assertion, which says more.
    if (!isDeepStrictEqual(received, sent)) expect(received).toEqual(sent);
  }
  expect(messageBytes({ body })).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
  expect(Buffer.byteLength(body + event.source + event.type)).toBeLessThanOrEqual(MAX_EVENT_BYTES);
  expect(body).toMatch(CARRIED_CHARACTERS);
  if (event.type === orderProgressed.type)
    for (const id of [event.subject, event.id]) expect(id).toMatch(GROUP_OR_DEDUPLICATION_ID);
}

// A provider's own texts.
const providerTexts = fc.oneof(
  fc.constantFrom('card_declined', '', ' ', '\ud800', '\uffff'),
  extremeTexts(200),
  extremeTexts(1000),
);
const reasons = fc.record({ reason: providerTexts });
const references = fc.option(fc.record({ reference: providerTexts }), { nil: {} });

/** What a gateway answers; each call takes the next of its kind. */
const gatewayAnswers = fc.record({
  authorize: fc.oneof(
    references.map((known) => ({ kind: 'authorized' as const, ...known })),
    reasons.map((known) => ({ kind: 'declined' as const, ...known })),
  ),
  capture: fc.oneof(
    references.map((known) => ({ kind: 'captured' as const, ...known })),
    reasons.map((known) => ({ kind: 'lapsed' as const, ...known })),
  ),
  void: fc.oneof(
    fc.boolean().map((released) => ({ kind: 'voided' as const, released })),
    references.map((known) => ({ kind: 'captured' as const, ...known })),
  ),
  refund: fc.oneof(
    fc.constant({ kind: 'refunded' as const }),
    reasons.map((known) => ({ kind: 'refused' as const, ...known })),
  ),
});

type Gateway = typeof gatewayAnswers extends fc.Arbitrary<infer T> ? T : never;

function answerOf(effect: PaymentEffect, answers: Gateway): PaymentEffectResult {
  const { orderId, trace } = effect;
  const context = { orderId, trace };
  switch (effect.kind) {
    case 'authorize':
      return { ...context, kind: 'authorize', result: answers.authorize };
    case 'capture':
      return { ...context, kind: 'capture', result: answers.capture };
    case 'void': {
      const { money = { amount: 1, currency: 'KRW' } } = effect.known;
      const result = answers.void.kind === 'captured' ? { ...answers.void, money } : answers.void;
      return { ...context, kind: 'void', result };
    }
    case 'refund': {
      const { refundId, money } = effect;
      const result =
        answers.refund.kind === 'refunded'
          ? { ...answers.refund, amount: money.amount, total: money.amount }
          : answers.refund;
      return { ...context, kind: 'refund', ...(refundId === undefined ? {} : { refundId }), result };
    }
  }
}

const OUTSIDE = [
  'paid',
  'deadline',
  'reminder',
  'sweep',
  'return',
  'refund',
  'refund beyond',
  'ship',
  'cancel',
  'cancel again',
  'sweep',
] as const;

const stories = fc.record({
  order: fc.oneof(
    extremeOrders,
    wholeOrders.map((order) => parseEvent(JSON.stringify(order), [orderPlaced])),
  ),
  available: fc.constantFrom(0, 1, 49_999_999, Number.MAX_SAFE_INTEGER),
  gateway: gatewayAnswers,
  sms: fc.constantFrom({}, { unknownOutcome: true as const }, { refused: 'opted-out' as const }),
  reference: extremeTexts(256),
  outside: fc.subarray([...OUTSIDE]),
  numbers: fc.array(fc.nat(), { maxLength: 40 }),
});

type Story = typeof stories extends fc.Arbitrary<infer T> ? T : never;
type Outside = Story['outside'][number];

/** Returns what the sweep says about an order, as it is on record now. */
function sweepEvent(orderId: string, shop: PureShop): CloudEvent {
  const { order } = shop;
  const finding = order?.status === undefined || order.status === 'PLACED' ? undefined : findingOf(order, shop, NOW);
  const message: SweepMessage =
    finding?.kind === 'owing'
      ? finding.message
      : messageForUndecided(orderId, { ...shop, order: undefined }, false, NOW);
  const context = { id: `${orderId}.${message.name}`, time: NOW.toISOString(), subject: orderId };
  return message.name === 'deadline-passed'
    ? buildEvent(orderDeadlinePassed, { ...context, data: { orderId } })
    : buildEvent(orderReconciliationDue, { ...context, data: message.data });
}

function outsideEvent(kind: Outside, { order, reference }: Story, shop: PureShop): CloudEvent {
  const { orderId, total, items } = order.data;
  const id = reference;
  const context = { time: NOW.toISOString(), subject: orderId, data: { orderId } };
  switch (kind) {
    case 'cancel':
      return cancelRequested({ orderId, id });
    case 'cancel again':
      return cancelRequested({ orderId, id: 'again' });
    case 'ship':
      return shipped({ orderId, id });
    case 'refund':
      return refundRequested({ orderId, refundId: 'r'.repeat(64), amount: Math.max(1, Math.ceil(total.amount / 2)) });
    case 'refund beyond':
      return refundRequested({ orderId, refundId: '~'.repeat(64), amount: MAX_AMOUNT });
    case 'return': {
      const back = goodsOf(items).map((line) => ({ ...line, restock: true }));
      return back.length > 0
        ? refundRequested({ orderId, refundId: 'r-back', amount: 0, items: back })
        : refundRequested({ orderId, refundId: 'r-back', amount: 1 });
    }
    case 'paid':
      return paymentReceived({ orderId, ...total, reference });
    case 'deadline':
      return withTraceparent(buildEvent(orderDeadlinePassed, { ...context, id: `${orderId}.deadline-passed` }));
    case 'reminder':
      return withTraceparent(buildEvent(orderReminderDue, { ...context, id: `${orderId}.reminder-due` }));
    case 'sweep':
      return withTraceparent(sweepEvent(orderId, shop));
  }
}

// What left before its payment could not be captured is for a person.
const UNPAID = /has shipped, but its payment can no longer be captured/;

// More than most orders cost, and never more than a message may ask for.
const MAX_AMOUNT = 1_000_000_000_000;

const MAX_DELIVERIES = 200;

type Refusal = { type: string; reason: string };

/** The messages of a story: what was published and is checked, what waits for a consumer, and what one refused. */
class Told {
  readonly published: CloudEvent[] = [];
  readonly refused: Refusal[] = [];
  private readonly waiting: { name: ShippedConsumerName; event: CloudEvent }[] = [];
  private readonly story: Story;
  private readonly shop: PureShop;

  constructor(story: Story) {
    const { available, gateway, sms } = story;
    this.story = story;
    this.shop = new PureShop({
      now: NOW,
      available,
      gateway: (effect) => answerOf(effect, gateway),
      sms: (text) => ({ text, ...sms }),
    });
  }

  /** Delivers until no message is left, in the sequence that the story's numbers say. */
  run(): this {
    const { order, outside, numbers } = this.story;
    this.send(order);
    const kinds = [...outside];
    for (let turn = 0; turn < MAX_DELIVERIES; turn += 1) {
      const number = numbers[turn % Math.max(1, numbers.length)] ?? 0;
      const kind = number % 3 === 0 || this.waiting.length === 0 ? kinds.shift() : undefined;
      if (kind !== undefined) this.send(outsideEvent(kind, this.story, this.shop));
      if (this.waiting.length === 0) break;
      this.deliver(number % this.waiting.length);
    }
    return this;
  }

  private send(event: CloudEvent): void {
    if (STACK.includes(event.type)) {
      expectReadByAll(event);
      this.published.push(event);
    }
    this.waiting.push(...CONSUMERS.filter((name) => reads(name, event)).map((name) => ({ name, event })));
  }

  private deliver(index: number): void {
    const [message] = this.waiting.splice(index, 1);
    if (message === undefined) return;
    try {
      const { published, failure } = this.shop.deliver(message.name, JSON.stringify(message.event));
      for (const event of published) this.send(event);
      if (failure) throw failure;
    } catch (error) {
      if (error instanceof WaitingError || error instanceof BusyError) this.waiting.push(message);
      else if (error instanceof ConflictError) this.refused.push({ type: message.event.type, reason: error.message });
      else throw error;
    }
  }
}

describe('Every event that the rules build from valid input', () => {
  test('is carried by SNS, SQS and EventBridge, and read without loss by every consumer of its type', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(stories, (story) => {
        const { published, refused } = new Told(story).run();
        for (const { type } of published) seen.add(type);
        // No consumer contradicts what the shop itself says about an order that was placed once.
        const contradicted = refused.filter(({ type, reason }) => STACK.includes(type) && !UNPAID.test(reason));
        expect(contradicted).toEqual([]);
      }),
      { numRuns: 120 },
    );
    expect([...seen].sort()).toEqual(STACK.filter((type) => type !== 'shop.order.refused.v1').sort());
  }, 60_000);

  test('is an order of 500 lines of one SKU with 100,000 pieces each, that is reserved, confirmed and sold', () => {
    const items = Array.from({ length: 500 }, () => ({ sku: 'A', quantity: 100_000, unitPrice: 1 }));
    const order: OrderPlaced = {
      ...(fc.sample(extremeOrders, { numRuns: 1 })[0] as OrderPlaced),
      data: { orderId: 'o-1', payment: { token: 't' }, items, total: { amount: 50_000_000, currency: 'KRW' } },
    };
    const { published } = new Told({
      order,
      available: 50_000_000,
      gateway: {
        authorize: { kind: 'authorized' },
        capture: { kind: 'captured' },
        void: { kind: 'voided', released: true },
        refund: { kind: 'refunded' },
      },
      sms: {},
      reference: 'r',
      outside: [],
      numbers: [],
    }).run();
    const ofGoods = published.filter(({ data }) => Array.isArray((data as { items?: unknown }).items));
    expect(ofGoods.map(({ type, data }) => [type, (data as OrderPlaced['data']).items])).toEqual(
      ['shop.stock.reserved.v1', 'shop.order.progressed.v1', 'shop.order.confirmed.v1'].map((type) => [
        type,
        [{ sku: 'A', quantity: 50_000_000 }],
      ]),
    );
  });

  test('is an outcome of a payment, whatever its provider calls it', () => {
    const records = fc.record({
      orderId: fc.constantFrom('o-1', '~'.repeat(64)),
      version: fc.constant(1),
      state: fc.constantFrom('declined' as const, 'lapsed' as const, 'refund-due' as const),
      money: fc.constant({ amount: 1_000_000_000_000, currency: 'KRW' }),
      declineReason: providerTexts,
      refundReason: providerTexts,
      reference: providerTexts,
      time: fc.constant(NOW.toISOString()),
    });
    fc.assert(
      fc.property(records, (payment) => {
        const { publish = [] } = resumePayment(payment, { orderId: payment.orderId, trace: {} });
        expect(publish).toHaveLength(1);
        for (const event of publish) expectReadByAll(withTraceparent(event));
      }),
    );
  });

  test('is a refusal, whatever was refused', () => {
    const mutated = mutationsOf(placed());
    fc.assert(
      fc.property(
        fc.oneof(
          mutated.map((order) => JSON.stringify(order)),
          fc.string(),
        ),
        (body) => {
          try {
            parseEvent(body, [orderPlaced]);
          } catch (reason) {
            const event = refusalOf(sqsRecord(body), reason);
            if (event !== undefined) expectReadByAll(withTraceparent(event));
          }
        },
      ),
      { numRuns: 100 },
    );
  }, 60_000);
});
