import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OrderProgressed } from '../../../contracts/lifecycle.ts';
import { consumer } from '../../../lambdas/runtime/consume.ts';
import { stateMachine } from '../../../lambdas/runtime/state-machine.ts';
import { consumes } from '../../../lambdas/shipping/consumes.ts';
import { reportGaps } from '../../../lambdas/shipping/report-gaps.ts';
import { nextShipment, type Shipment } from '../../../lambdas/shipping/rules.ts';
import { consumerDependencies } from '../../builders/consumer-dependencies.ts';
import { sqsRecord } from '../../builders/deliveries.ts';
import { line, progressed } from '../../builders/events.ts';
import { quietLog } from '../../builders/quiet-log.ts';
import { MemoryRecordStore } from '../../builders/records.ts';

const log = quietLog();

const steps = (orderId: string) => [
  progressed({ orderId, sequence: 1, status: 'PLACED' }),
  progressed({ orderId, sequence: 2, step: 'shop.payment.authorized.v1' }),
  progressed({ orderId, sequence: 3, step: 'shop.stock.reserved.v1' }),
  progressed({ orderId, sequence: 4, step: 'shop.order.confirmed.v1', status: 'CONFIRMED', items: [line('A', 1)] }),
  progressed({ orderId, sequence: 5, step: 'shop.payment.captured.v1' }),
];

/** Runs the shipping consumer on a table in memory. */
function shipping() {
  const records = new MemoryRecordStore<Shipment>();
  const outside = consumerDependencies();
  const handle = consumer(
    'shipping',
    consumes,
    stateMachine<Shipment, OrderProgressed, never, never>(
      { decide: nextShipment, isFirstEvent: ({ data }) => data.sequence === 1 },
      reportGaps(records),
    ),
    outside,
  );
  const receive = async (events: readonly OrderProgressed[]) =>
    (await handle({ Records: events.map((event) => sqsRecord(event)) })).batchItemFailures;
  const warnings = () =>
    log.lines.map((text) => JSON.parse(text)).filter(({ message }) => message.startsWith('a step is parked'));
  return { records, outside, receive, warnings };
}

describe('The shipping consumer', () => {
  test('leaves no step of an order in its queue, whatever prefix is missing and however large its batches are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 10 }), fc.nat({ max: 5 }), async (batchSize, missing) => {
        const { records, outside, receive } = shipping();
        const all = steps('a');
        const queue = [...all.slice(missing), ...all.slice(0, missing)];
        for (let start = 0; start < queue.length; start += batchSize)
          expect(await receive(queue.slice(start, start + batchSize))).toEqual([]);
        expect(outside.deadLetters).toEqual([]);
        expect(records.items.get('a')).toMatchObject({ sequence: 5, status: 'CONFIRMED' });
        expect(records.items.get('a')).not.toHaveProperty('parked');
      }),
    );
  });

  test('warns of each step that it parks, with its order and the step that is missing', async () => {
    const { receive, warnings } = shipping();
    const [first, , third, fourth] = steps('a') as [OrderProgressed, unknown, OrderProgressed, OrderProgressed];
    await receive([first, ...steps('b')]);
    expect(warnings()).toEqual([]);
    await receive([third, fourth, third]);
    expect(warnings()).toMatchObject([
      { level: 'WARN', consumer: 'shipping', orderId: 'a', sequence: 3, missingSequence: 2 },
      { level: 'WARN', consumer: 'shipping', orderId: 'a', sequence: 4, missingSequence: 2 },
    ]);
  });

  test('warns of a step only once that is parked, not when another process wrote first', async () => {
    const { records, receive, warnings } = shipping();
    const [placed, authorized, reserved] = steps('a') as [OrderProgressed, OrderProgressed, OrderProgressed];
    await receive([placed]);
    records.beforeSave = () => {
      records.beforeSave = () => {};
      records.overwrite({ orderId: 'a', version: 0, sequence: 2, status: 'PLACED' });
    };
    await receive([reserved]);
    expect(records.items.get('a')).toMatchObject({ sequence: 3 });
    expect(warnings()).toEqual([]);
    expect(await receive([authorized])).toEqual([]);
  });
});
