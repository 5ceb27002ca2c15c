import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { waves } from '../../../lambdas/runtime/delivery.ts';
import { delivery } from '../../builders/deliveries.ts';
import { cancelled, placed } from '../../builders/events.ts';

const sequences = fc
  .array(fc.constantFrom('o-1', 'o-2', 'o-3', 'constructor', 'toString'), { maxLength: 12 })
  .map((orderIds) => orderIds.map((orderId) => delivery(placed({ orderId }))));

describe('Waves', () => {
  test('ten different orders make one wave', () => {
    const ten = Array.from({ length: 10 }, (_, index) => delivery(placed({ orderId: `o-${index}` })));
    expect(waves(ten)).toEqual([ten]);
  });

  test('no deliveries make no wave', () => {
    expect(waves([])).toEqual([]);
  });

  test('an order that occurs twice is in two waves, in its sequence', () => {
    const first = delivery(placed({ orderId: 'o-1' }));
    const other = delivery(placed({ orderId: 'o-2' }));
    const second = delivery(cancelled({ orderId: 'o-1' }));
    expect(waves<(typeof first | typeof second)['event']>([first, other, second])).toEqual([[first, other], [second]]);
  });

  test('every delivery is in one wave, no order twice in any, and its sequence is kept', () => {
    fc.assert(
      fc.property(sequences, (deliveries) => {
        const result = waves(deliveries);
        for (const wave of result) {
          expect(new Set(wave.map(({ event }) => event.data.orderId)).size).toBe(wave.length);
        }
        for (const orderId of new Set(deliveries.map(({ event }) => event.data.orderId))) {
          const ofOrder = ({ event }: (typeof deliveries)[number]) => event.data.orderId === orderId;
          expect(result.flat().filter(ofOrder)).toEqual(deliveries.filter(ofOrder));
        }
        expect(result.flat()).toHaveLength(deliveries.length);
      }),
    );
  });
});
