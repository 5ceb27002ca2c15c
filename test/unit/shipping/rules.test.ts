import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OrderProgressed } from '../../../contracts/lifecycle.ts';
import { OutOfSequenceError } from '../../../lambdas/runtime/failure.ts';
import { failureActionFor } from '../../../lambdas/runtime/retry-policy.ts';
import { nextShipment, type Shipment } from '../../../lambdas/shipping/rules.ts';
import { delivery } from '../../builders/deliveries.ts';
import { line, progressed } from '../../builders/events.ts';

const goods = [line('A', 2), line('B', 1)];
const steps = {
  placed: progressed({ sequence: 1, status: 'PLACED' }),
  authorized: progressed({ sequence: 2, step: 'shop.payment.authorized.v1' }),
  reserved: progressed({ sequence: 3, step: 'shop.stock.reserved.v1' }),
  confirmed: progressed({ sequence: 4, step: 'shop.order.confirmed.v1', status: 'CONFIRMED', items: goods }),
  captured: progressed({ sequence: 5, step: 'shop.payment.captured.v1' }),
};
const confirmedSteps = Object.values(steps);
const cancelled = [
  steps.placed,
  progressed({ sequence: 2, step: 'shop.order.cancel-requested.v1' }),
  progressed({ sequence: 3, step: 'shop.order.cancelled.v1', status: 'CANCELLED', reason: 'customer' }),
  progressed({ sequence: 4, step: 'shop.payment.voided.v1' }),
];
const cancelledInAdvance = [
  progressed({ sequence: 1, step: 'shop.order.cancel-requested.v1' }),
  progressed({ sequence: 2, step: 'shop.order.cancelled.v1', status: 'CANCELLED', reason: 'customer' }),
  progressed({ sequence: 3, step: 'shop.order.placed.v1' }),
  progressed({ sequence: 4, step: 'shop.stock.reserved.v1' }),
];
const stop = progressed({
  sequence: 6,
  step: 'shop.order.cancelled.v1',
  status: 'CANCELLED',
  reason: 'payment-declined',
});
const stopped = [
  ...confirmedSteps.slice(0, 4),
  progressed({ sequence: 5, step: 'shop.payment.declined.v1' }),
  stop,
  progressed({ sequence: 7, step: 'shop.stock.released.v1' }),
];

/** Delivers steps one after the other; a step out of sequence changes nothing. */
const apply = (given: readonly OrderProgressed[], start?: Shipment): Shipment | undefined =>
  given.reduce<Shipment | undefined>((known, step) => {
    try {
      return nextShipment(known, delivery(step)).after ?? known;
    } catch (error) {
      expect(error).toBeInstanceOf(OutOfSequenceError);
      return known;
    }
  }, start);

describe('A confirmed order', () => {
  test('gets its shipment with the step that confirms it', () => {
    expect(apply(confirmedSteps.slice(0, 3))).toEqual({ orderId: 'o-1001', version: 0, sequence: 3, status: 'PLACED' });
    expect(apply(confirmedSteps.slice(0, 4))).toEqual({
      orderId: 'o-1001',
      version: 0,
      sequence: 4,
      status: 'CONFIRMED',
      shipment: { items: goods, recordedAt: steps.confirmed.time },
    });
  });

  test('keeps its one shipment, whatever follows', () => {
    const known = apply(confirmedSteps.slice(0, 4));
    expect(apply([steps.captured], known)).toEqual({ ...known, sequence: 5 });
    const again = progressed({ ...steps.confirmed.data, sequence: 5, items: [line('X', 9)] });
    expect(apply([again], known)?.shipment).toEqual(known?.shipment);
  });
});

describe('A cancelled order', () => {
  test('has no shipment', () => {
    const known = apply(cancelled);
    expect(known).toEqual({ orderId: 'o-1001', version: 0, sequence: 4, status: 'CANCELLED' });
  });

  test('has no shipment where it was cancelled before it came', () => {
    const known = apply(cancelledInAdvance);
    expect(known).toEqual({ orderId: 'o-1001', version: 0, sequence: 4, status: 'CANCELLED' });
  });

  test('is forgotten 30 days after it was cancelled, unless it comes', () => {
    const [, cancelling = stop] = cancelledInAdvance;
    const expiresAt = Date.parse(cancelling.time ?? '') / 1000 + 30 * 86_400;
    expect(apply(cancelledInAdvance.slice(0, 2))).toMatchObject({ status: 'CANCELLED', expiresAt });
    const released = progressed({ sequence: 3, step: 'shop.stock.released.v1' });
    expect(apply([...cancelledInAdvance.slice(0, 2), released])).toMatchObject({ expiresAt });
    expect(apply(cancelledInAdvance.slice(0, 3))).not.toHaveProperty('expiresAt');
    for (const story of [confirmedSteps, cancelled, stopped]) expect(apply(story)).not.toHaveProperty('expiresAt');
  });

  test('that was confirmed has a shipment that must not leave, since the step that cancels it', () => {
    const confirmed = apply(stopped.slice(0, 5));
    expect(confirmed?.shipment).toEqual({ items: goods, recordedAt: steps.confirmed.time });
    expect(apply(stopped)).toEqual({
      orderId: 'o-1001',
      version: 0,
      sequence: 7,
      status: 'CANCELLED',
      shipment: { items: goods, recordedAt: steps.confirmed.time, cancelledAt: stop.time },
    });
    expect(confirmed?.shipment).not.toHaveProperty('cancelledAt');
  });

  test('stays cancelled, whatever step comes', () => {
    for (const known of [apply(cancelled), apply(stopped)])
      for (const status of ['PLACED', 'CONFIRMED', 'CANCELLED'] as const) {
        const sequence = (known?.sequence ?? 0) + 1;
        const step = progressed({ sequence, status, items: goods });
        expect(apply([step], known)).toEqual({ ...known, sequence });
      }
  });
});

describe('A step', () => {
  test.each(confirmedSteps.map((step, index) => [index + 1, step] as const))(
    '%i that was seen before changes nothing',
    (_, step) => {
      const known = apply(confirmedSteps);
      expect(nextShipment(known, delivery(step))).toEqual({});
    },
  );

  test('out of sequence throws OutOfSequenceError, which is retried as long as an outage', () => {
    const skip = () => nextShipment(apply([steps.placed]), delivery(steps.reserved));
    expect(skip).toThrow('Step 2 of order o-1001 has not come yet, this is step 3');
    const first = () => nextShipment(undefined, delivery(steps.authorized));
    expect(first).toThrow(OutOfSequenceError);
    expect(failureActionFor(new OutOfSequenceError('x'))).toMatchObject({ action: 'retry', maxSeconds: 900 });
  });

  test('changes a copy of the known record and keeps its version', () => {
    const known: Shipment = { orderId: 'o-1001', version: 7, sequence: 1, status: 'PLACED' };
    expect(nextShipment(known, delivery(steps.authorized)).after).toEqual({ ...known, sequence: 2 });
    expect(known.sequence).toBe(1);
  });

  test('without a status changes nothing but the sequence', () => {
    for (const [index, story] of [confirmedSteps, cancelled, cancelledInAdvance, stopped].entries())
      for (const [position, step] of story.entries()) {
        if (step.data.status !== undefined) continue;
        const known = apply(story.slice(0, position)) ?? { orderId: 'o-1001', version: 0, sequence: 0 };
        const { sequence: _, expiresAt: __, ...before } = known;
        const { expiresAt: ___, ...after } = apply(story.slice(0, position + 1)) ?? known;
        expect(after, `story ${index}`).toEqual({ ...before, sequence: position + 1 });
      }
  });

  test('publishes nothing and has no effect', () => {
    for (const [index, step] of confirmedSteps.entries()) {
      expect(Object.keys(nextShipment(apply(confirmedSteps.slice(0, index)), delivery(step)))).toEqual(['after']);
    }
  });
});

describe('Steps that are repeated and shuffled', () => {
  test('are applied in sequence, with the same result as in order', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(confirmedSteps, cancelled, cancelledInAdvance, stopped),
        fc.array(fc.nat({ max: 6 }), { maxLength: 30 }),
        (story, indices) => {
          let known: Shipment | undefined;
          for (const index of indices) {
            const step = story[index % story.length];
            const after = apply(step === undefined ? [] : [step], known);
            const [was, is] = [known?.sequence ?? 0, after?.sequence ?? 0];
            expect([was, was + 1]).toContain(is);
            known = after;
          }
          // Every step is redelivered until it is next.
          for (let round = 0; round < story.length; round += 1) known = apply(story.toReversed(), known);
          expect(known).toEqual(apply(story));
        },
      ),
      { numRuns: 500 },
    );
  });
});
