import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OrderProgressed } from '../../../contracts/lifecycle.ts';
import { ConflictError } from '../../../lambdas/runtime/failure.ts';
import { failureActionFor } from '../../../lambdas/runtime/retry-policy.ts';
import { MAX_PARKED, nextShipment, type Shipment } from '../../../lambdas/shipping/rules.ts';
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

const shipped = [
  ...confirmedSteps,
  progressed({ sequence: 6, step: 'shop.order.shipped.v1' }),
  progressed({ sequence: 7, step: 'shop.order.shipped.v1' }),
  progressed({ sequence: 8, step: 'shop.payment.refunded.v1' }),
  progressed({ sequence: 9, step: 'shop.stock.returned.v1' }),
];

const stories = [confirmedSteps, cancelled, cancelledInAdvance, stopped, shipped];

/** Delivers steps one after the other. */
const apply = (given: readonly OrderProgressed[], start?: Shipment): Shipment | undefined =>
  given.reduce<Shipment | undefined>((known, step) => nextShipment(known, delivery(step)).after ?? known, start);

describe('A confirmed order', () => {
  test('keeps its shipment when parcels leave and goods come back', () => {
    expect(apply(shipped)).toEqual({ ...apply(confirmedSteps), sequence: 9 });
  });

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

  test('is forgotten 120 days after it was cancelled, unless it comes', () => {
    const [, cancelling = stop] = cancelledInAdvance;
    const expiresAt = Date.parse(cancelling.time ?? '') / 1000 + 120 * 86_400;
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

  test('changes a copy of the known record and keeps its version', () => {
    const known: Shipment = { orderId: 'o-1001', version: 7, sequence: 1, status: 'PLACED' };
    expect(nextShipment(known, delivery(steps.authorized)).after).toEqual({ ...known, sequence: 2 });
    expect(known.sequence).toBe(1);
  });

  test('without a status changes nothing but the sequence', () => {
    for (const [index, story] of stories.entries())
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

describe('A step that comes before an earlier one', () => {
  test('is parked, and applied after the one that was missing', () => {
    const waiting = apply([steps.placed, steps.reserved, steps.captured, steps.confirmed]);
    expect(waiting).toMatchObject({ sequence: 1, status: 'PLACED' });
    expect(waiting?.parked?.map(({ sequence }) => sequence)).toEqual([3, 4, 5]);
    expect(apply([steps.authorized], waiting)).toEqual(apply(confirmedSteps));
  });

  test('is parked without a record too', () => {
    expect(apply([steps.confirmed])).toMatchObject({ sequence: 0, parked: [{ sequence: 4 }] });
    expect(apply([steps.confirmed])).not.toHaveProperty('status');
  });

  test('ships nothing when it confirms the order, however long the earlier one stays away', () => {
    for (const missing of [0, 1, 2]) {
      const known = apply(confirmedSteps.toSpliced(missing, 1));
      expect(known).not.toHaveProperty('shipment');
      expect(known?.status).not.toBe('CONFIRMED');
    }
  });

  test('stops the shipment at once when it cancels the order', () => {
    const confirmed = apply(confirmedSteps.slice(0, 4));
    const known = apply([stop], confirmed);
    expect(known).toMatchObject({ sequence: 4, status: 'CANCELLED', shipment: { cancelledAt: stop.time } });
    expect(apply(stopped.slice(4), known)).toEqual(apply(stopped));
  });

  test('lets nothing leave that is confirmed after it cancelled the order', () => {
    const known = apply([stop, ...stopped.slice(0, 4)]);
    expect(known).toMatchObject({ sequence: 4, status: 'CANCELLED', shipment: { cancelledAt: stop.time } });
  });
});

describe('Parked steps', () => {
  const later = (count: number) => Array.from({ length: count }, (_, index) => progressed({ sequence: index + 2 }));

  test(`are ${MAX_PARKED} at most, and the next is dead-lettered, so that it stands before nothing`, () => {
    const known = apply(later(MAX_PARKED));
    const next = progressed({ sequence: MAX_PARKED + 2 });
    const add = () => nextShipment(known, delivery(next));
    expect(add).toThrow(ConflictError);
    expect(add).toThrow(`${MAX_PARKED} later steps of order o-1001 wait for step 1, which has to be redriven first`);
    expect(failureActionFor(new ConflictError('x'))).toEqual({ action: 'dead-letter' });
    expect(apply([steps.placed, next], known)).toMatchObject({ sequence: MAX_PARKED + 2 });
  });

  test('leave room for a cancellation in any case', () => {
    const cancelling = progressed({ sequence: 900, step: 'shop.order.cancelled.v1', status: 'CANCELLED' });
    expect(apply([cancelling], apply(later(MAX_PARKED)))).toMatchObject({ status: 'CANCELLED' });
  });

  test('fit into one item of the table, however long they are', () => {
    const items = Array.from({ length: 99 }, (_, index) => line(`${index}`.padEnd(64, 'é'), 100_000));
    const long = later(MAX_PARKED).map(({ data }) => progressed({ ...data, step: 'x'.repeat(128) }));
    const known = apply([...long.slice(1), progressed({ sequence: 900, status: 'CONFIRMED', items })]);
    expect(known?.parked).toHaveLength(MAX_PARKED);
    expect(Buffer.byteLength(JSON.stringify(known))).toBeLessThan(200_000);
  });

  test('are applied with the next message about the order, whatever it is, where their turn had come', () => {
    // The version before, deployed again for a while, handled the missing step and left the parked ones alone.
    const parked = apply([steps.placed, steps.reserved, steps.confirmed, steps.captured])?.parked ?? [];
    const known: Shipment = { orderId: 'o-1001', version: 4, sequence: 2, status: 'PLACED', parked };
    expect(apply([steps.placed], known)).toEqual({ ...apply(confirmedSteps), version: 4 });
  });
});

describe('A record of the version before', () => {
  test('continues with the messages that waited for an earlier one', () => {
    const record: Shipment = { orderId: 'o-1001', version: 3, sequence: 1, status: 'PLACED' };
    const waited = [steps.reserved, steps.confirmed, steps.captured];
    expect(apply([...waited, steps.authorized], record)).toEqual({ ...apply(confirmedSteps), version: 3 });
  });
});

describe('A step under a number that was handled, after the orders table was put back', () => {
  const again = (sequence: number, status?: 'PLACED' | 'CONFIRMED' | 'CANCELLED', step = `shop.order.${status}.v1`) =>
    progressed({ sequence, step, ...(status === undefined ? {} : { status, items: goods }) });

  test('still confirms the order', () => {
    const known = apply(confirmedSteps.slice(0, 3));
    const confirming = again(2, 'CONFIRMED');
    const shipment = { items: goods, recordedAt: confirming.time };
    expect(apply([confirming], known)).toEqual({ ...known, status: 'CONFIRMED', shipment });
  });

  test('still cancels it', () => {
    const cancelling = again(2, 'CANCELLED');
    expect(apply([cancelling], apply(confirmedSteps))).toMatchObject({
      sequence: 5,
      status: 'CANCELLED',
      shipment: { cancelledAt: cancelling.time },
    });
  });

  test('still counts where it is parked beside the other one of its number', () => {
    const known = apply([steps.placed, steps.reserved, again(3, 'CONFIRMED')]);
    expect(apply([steps.authorized], known)).toMatchObject({ sequence: 3, status: 'CONFIRMED', shipment: {} });
  });

  test('never moves the status back', () => {
    for (const known of [apply(confirmedSteps), apply(stopped)])
      for (const sequence of [1, 2, 3])
        for (const status of [undefined, 'PLACED', 'CONFIRMED'] as const)
          expect(nextShipment(known, delivery(again(sequence, status)))).toEqual({});
  });

  test('keeps the record of an order that comes after all', () => {
    const known = apply(cancelledInAdvance.slice(0, 2));
    expect(known).toHaveProperty('expiresAt');
    const { expiresAt: _, ...kept } = known ?? {};
    expect(apply([again(1, 'PLACED', 'shop.order.placed.v1')], known)).toEqual(kept);
  });
});

/** A story with each of its steps at least once, some more often, in any order. */
const shuffledStory = fc.constantFrom(...stories).chain((story) =>
  fc
    .array(fc.nat({ max: story.length - 1 }), { maxLength: 2 * story.length })
    .chain((repeated) => {
      const deliveries = [...story, ...repeated.flatMap((index) => story.slice(index, index + 1))];
      return fc.shuffledSubarray(deliveries, { minLength: deliveries.length });
    })
    .map((deliveries) => ({ story, deliveries })),
);

describe('Steps that come in any order, and repeated', () => {
  test('end in the same record as in sequence', () => {
    fc.assert(
      fc.property(shuffledStory, ({ story, deliveries }) => {
        expect(apply(deliveries)).toEqual(apply(story));
      }),
      { numRuns: 2_000 },
    );
  });

  test('end in the same record when any prefix is redriven late, in sequence', () => {
    for (const story of stories)
      for (const [length] of story.entries())
        expect(apply([...story.slice(length), ...story.slice(0, length)])).toEqual(apply(story));
  });

  test('are applied in sequence at every moment, and those behind a gap are parked', () => {
    fc.assert(
      fc.property(shuffledStory, ({ story, deliveries }) => {
        const come = new Set<number>();
        let known: Shipment | undefined;
        for (const step of deliveries) {
          known = apply([step], known);
          come.add(step.data.sequence);
          const missing = story.findIndex(({ data }) => !come.has(data.sequence));
          const applied = missing === -1 ? story.length : missing;
          const parked = [...come].filter((sequence) => sequence > applied).sort((one, other) => one - other);
          expect(known?.sequence).toBe(applied);
          expect(known?.parked?.map(({ sequence }) => sequence) ?? []).toEqual(parked);
          const isConfirmed = story.slice(0, applied).some(({ data }) => data.status === 'CONFIRMED');
          const isCancelled = story.some(({ data }) => data.status === 'CANCELLED' && come.has(data.sequence));
          expect(known?.shipment !== undefined && known.shipment.cancelledAt === undefined).toBe(
            isConfirmed && !isCancelled,
          );
          expect(known?.status === 'CANCELLED').toBe(isCancelled);
          expect(nextShipment(known, delivery(step))).toEqual({});
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test('of two timelines under the same numbers, end in the status that is furthest on', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...stories),
        fc.constantFrom(...stories),
        fc.nat({ max: 7 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 14, maxLength: 14 }),
        (before, after, handled, order) => {
          const old = before.slice(0, handled);
          // Letters of the old timeline are redriven among the new steps, in any order.
          const merged = [...after, ...before]
            .map((step, index) => ({ step, position: order[index] ?? 0 }))
            .sort((one, other) => one.position - other.position)
            .map(({ step }) => step);
          const known = apply(merged, apply(old));
          const heard = [...old, ...merged].map(({ data }) => data.status);
          if (heard.includes('CANCELLED')) {
            expect(known?.status).toBe('CANCELLED');
            expect(known?.shipment === undefined || known.shipment.cancelledAt !== undefined).toBe(true);
          } else expect(known).toMatchObject({ status: 'CONFIRMED', shipment: { items: goods } });
          expect(known?.sequence).toBe(Math.max(before.length, after.length));
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
