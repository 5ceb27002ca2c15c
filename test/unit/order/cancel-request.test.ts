import { describe, expect, test } from 'vitest';
import { orderCancelRefused } from '../../../contracts/order.ts';
import { parseEvent } from '../../../contracts/parse.ts';
import type { OrderInput } from '../../../lambdas/order/input.ts';
import type { Order } from '../../../lambdas/order/record.ts';
import {
  authorized,
  cancelRequested,
  captured,
  deadlinePassed,
  placed,
  reconciliationDue,
  reserved,
  shipped,
} from '../../builders/events.ts';
import { next, orderAfter, replay } from '../../builders/order-steps.ts';
import { publishedBy } from '../../builders/transitions.ts';

const refusalsOf = (step: ReturnType<typeof next>) =>
  publishedBy(step).filter(({ type }) => type === orderCancelRefused.type);

const toConfirmed = [placed(), authorized(), reserved(), captured()];

/** A confirmed order on record of which version 0.3.0 noted a late request. */
function confirmedWithLateRequest(): Order {
  const order = orderAfter(...toConfirmed);
  if (order === undefined) throw new Error('not placed');
  const { type, source, time = '' } = cancelRequested();
  return { ...order, cancelRequested: true, timeline: [...order.timeline, { time, type, source }], published: 6 };
}

describe('The request to cancel a confirmed order', () => {
  test('cancels it in the write that notes the request, by its source and id', () => {
    const { after } = next(orderAfter(...toConfirmed), cancelRequested({ id: 'c-1' }));
    expect(after).toMatchObject({ status: 'CANCELLED', reason: 'customer' });
    expect(after?.timeline.slice(-2)).toMatchObject([
      { type: 'shop.order.cancel-requested.v1', source: '/shop/account', id: '/shop/account c-1' },
      { type: 'shop.order.cancelled.v1' },
    ]);
  });

  test('is a repetition when it comes again, and publishes what it has not', () => {
    const step = next(orderAfter(...toConfirmed), cancelRequested());
    expect(next(step.after, cancelRequested())).toEqual({ outbox: step.outbox });
    expect(publishedBy(step).map(({ id }) => id)).toEqual([
      'o-1001.cancel-requested.6',
      'o-1001.cancelled.7',
      'o-1001.cancelled',
    ]);
  });

  test('that is only on record cancels it with nothing that comes later', () => {
    for (const event of [captured({ id: 'again' }), reserved(), deadlinePassed(), reconciliationDue(), shipped()]) {
      const order = confirmedWithLateRequest();
      expect((next(order, event).after ?? order).status, event.type).toBe('CONFIRMED');
    }
  });

  test('that is only on record does not keep one that comes now from cancelling it', () => {
    expect(next(confirmedWithLateRequest(), cancelRequested()).after).toMatchObject({
      status: 'CANCELLED',
      timeline: expect.arrayContaining([expect.objectContaining({ id: expect.stringContaining('/shop/account') })]),
    });
  });

  test('is not noted by a replay, and cancels nothing by the next event', () => {
    const order = orderAfter(...toConfirmed);
    expect(replay(order, cancelRequested())).toEqual({});
    // Replayed before the others taught that it was confirmed.
    const learnt = replay(orderAfter(placed()), cancelRequested()).after;
    const taught = next(learnt, reconciliationDue({ decision: 'confirmed' })).after;
    expect(taught?.status).toBe('CONFIRMED');
    expect(next(taught, captured()).after?.status).toBe('CONFIRMED');
  });

  test('is done once for the ids of each source', () => {
    const cancelled = orderAfter(...toConfirmed, cancelRequested({ id: 'c-1' }));
    const elsewhere = { ...cancelRequested({ id: 'c-1' }), source: '/shop/support' };
    expect(refusalsOf(next(cancelled, elsewhere))).toHaveLength(1);
    expect(refusalsOf(next(cancelled, cancelRequested({ id: 'c-1' })))).toHaveLength(0);
  });
});

describe('A request that changes nothing', () => {
  const parse = (step: ReturnType<typeof next>) =>
    refusalsOf(step).map((event) => parseEvent(JSON.stringify(event), [orderCancelRefused]));

  test.each<[string, OrderInput[], string]>([
    ['shipped', [...toConfirmed, shipped()], 'shipped'],
    ['taken over as dispatched', [...toConfirmed, reconciliationDue({ dispatched: true })], 'shipped'],
    ['cancelled by another request', [placed(), cancelRequested()], 'already-cancelled'],
    ['cancelled for another reason', [placed(), deadlinePassed()], 'already-cancelled'],
  ])('because the order is %s is refused each time, under one id, and is not noted', (_, known, reason) => {
    const order = orderAfter(...known);
    const request = cancelRequested({ id: 'c-2' });
    for (const _time of [1, 2]) {
      const step = next(order, request);
      expect(step.after).toBeUndefined();
      expect(parse(step)).toMatchObject([
        {
          id: 'o-1001.cancel-refused.c-2',
          subject: 'o-1001',
          time: request.time,
          data: { orderId: 'o-1001', reason, source: '/shop/account', id: 'c-2' },
        },
      ]);
    }
  });

  test('is refused under an id that is no longer than an id may be, and its own', () => {
    const order = orderAfter(placed({ orderId: '~'.repeat(64) }), deadlinePassed({ orderId: '~'.repeat(64) }));
    const ids = ['각', '나'].map((last) => {
      const id = '가'.repeat(255) + last;
      const [event] = parse(next(order, cancelRequested({ orderId: '~'.repeat(64), id })));
      expect(event?.data.id).toBe(id);
      return event?.id;
    });
    expect(new Set(ids).size).toBe(2);
  });

  test('is not refused by a replay', () => {
    for (const known of [
      [...toConfirmed, shipped()],
      [placed(), deadlinePassed()],
    ])
      expect(replay(orderAfter(...known), cancelRequested())).toEqual({});
  });

  test('may be the one that cancelled the order, where version 0.3.0 noted it without its id', () => {
    const order = orderAfter(placed(), cancelRequested());
    if (order === undefined) throw new Error('not placed');
    const noted = { ...order, timeline: order.timeline.map(({ id: _, ...entry }) => entry) };
    expect(next(noted, cancelRequested())).toEqual({ outbox: [] });
  });
});
