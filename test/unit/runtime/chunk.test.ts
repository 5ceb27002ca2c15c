import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chunk, chunkBySize, roundsByKey } from '../../../lambdas/runtime/chunk.ts';
import type { Delivery, OrderEvent } from '../../../lambdas/runtime/delivery.ts';
import { delivery } from '../../builders/deliveries.ts';
import { cancelled, placed } from '../../builders/events.ts';

const sequences = fc
  .array(fc.constantFrom('o-1', 'o-2', 'o-3', 'constructor', 'toString'), { maxLength: 12 })
  .map((orderIds) => orderIds.map((orderId) => delivery(placed({ orderId }))));

const rounds = <E extends OrderEvent>(deliveries: readonly Delivery<E>[]) =>
  roundsByKey(deliveries, ({ event }) => event.data.orderId);

describe('roundsByKey', () => {
  test('puts ten different orders into one round', () => {
    const ten = Array.from({ length: 10 }, (_, index) => delivery(placed({ orderId: `o-${index}` })));
    expect(rounds(ten)).toEqual([ten]);
  });

  test('returns no round for no deliveries', () => {
    expect(rounds([])).toEqual([]);
  });

  test('puts two deliveries of one order into two rounds, in sequence', () => {
    const first = delivery(placed({ orderId: 'o-1' }));
    const other = delivery(placed({ orderId: 'o-2' }));
    const second = delivery(cancelled({ orderId: 'o-1' }));
    expect(rounds<(typeof first | typeof second)['event']>([first, other, second])).toEqual([[first, other], [second]]);
  });

  test('puts every delivery into one round, each order at most once per round, in sequence', () => {
    fc.assert(
      fc.property(sequences, (deliveries) => {
        const result = rounds(deliveries);
        for (const round of result) {
          expect(new Set(round.map(({ event }) => event.data.orderId)).size).toBe(round.length);
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

test('roundsByKey puts items without a key into the first round', () => {
  expect(roundsByKey([1, 2, 3], () => undefined)).toEqual([[1, 2, 3]]);
});

test('chunk keeps the order of items and limits their number', () => {
  expect(chunk([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
  expect(chunk([], 2)).toEqual([]);
});

test('chunkBySize respects both limits and puts an item that is too large into its own chunk', () => {
  const limits = { maxItems: 3, maxBytes: 10, bytesOf: (size: number) => size };
  expect(chunkBySize([4, 6, 1, 12, 1, 1, 1, 1], limits)).toEqual([[4, 6], [1], [12], [1, 1, 1], [1]]);
});
