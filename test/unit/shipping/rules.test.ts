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
  captured: progressed({ sequence: 2, step: 'shop.payment.captured.v1' }),
  reserved: progressed({ sequence: 3, step: 'shop.stock.reserved.v1' }),
  confirmed: progressed({ sequence: 4, step: 'shop.order.confirmed.v1', status: 'CONFIRMED', items: goods }),
  late: progressed({ sequence: 5, step: 'shop.order.cancel-requested.v1' }),
};
const confirmedSteps = Object.values(steps);
const cancelled = [
  steps.placed,
  progressed({ sequence: 2, step: 'shop.order.cancel-requested.v1' }),
  progressed({ sequence: 3, step: 'shop.order.cancelled.v1', status: 'CANCELLED', reason: 'customer' }),
  progressed({ sequence: 4, step: 'shop.payment.refunded.v1' }),
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
    expect(apply([steps.late], known)).toEqual({ ...known, sequence: 5 });
    const again = progressed({ ...steps.confirmed.data, sequence: 5, items: [line('X', 9)] });
    expect(apply([again], known)?.shipment).toEqual(known?.shipment);
  });
});

describe('A cancelled order', () => {
  test('has no shipment', () => {
    const known = apply(cancelled);
    expect(known).toEqual({ orderId: 'o-1001', version: 0, sequence: 4, status: 'CANCELLED' });
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
    const first = () => nextShipment(undefined, delivery(steps.captured));
    expect(first).toThrow(OutOfSequenceError);
    expect(failureActionFor(new OutOfSequenceError('x'))).toMatchObject({ action: 'retry', maxSeconds: 900 });
  });

  test('changes a copy of the known record and keeps its version', () => {
    const known: Shipment = { orderId: 'o-1001', version: 7, sequence: 1, status: 'PLACED' };
    expect(nextShipment(known, delivery(steps.captured)).after).toEqual({ ...known, sequence: 2 });
    expect(known.sequence).toBe(1);
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
        fc.constantFrom(confirmedSteps, cancelled),
        fc.array(fc.nat({ max: 4 }), { maxLength: 30 }),
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
