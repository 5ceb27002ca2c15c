import type { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { parseEvent } from '../../../contracts/parse.ts';
import { consumes as fromTopic } from '../../../lambdas/order/consumes.ts';
import type { OrderInput } from '../../../lambdas/order/input.ts';
import type { Order } from '../../../lambdas/order/record.ts';
import { consumes as fromBus } from '../../../lambdas/outcomes/consumes.ts';
import type { Delivery } from '../../../lambdas/runtime/delivery.ts';
import { readReplayed } from '../../../lambdas/runtime/replay-envelope.ts';
import { replay } from '../../../ops/replay/replay.ts';
import { selectionFor } from '../../../ops/replay/select.ts';
import type { DeployedShop } from '../../../ops/stack.ts';
import { ArchiveBucket } from '../../builders/archive-bucket.ts';
import { archivedMessageAt } from '../../builders/archived.ts';
import { cancelRequested, placed } from '../../builders/events.ts';
import { memorySweep } from '../../builders/memory-sweep.ts';
import { orderHandler } from '../../builders/order-handler.ts';
import { quietLog } from '../../builders/quiet-log.ts';
import { MemoryRecordStore } from '../../builders/records.ts';

quietLog();

/** Replays archived bodies to `order` without effects and returns what reached its queue. */
async function replayedToOrder(bodies: readonly string[]): Promise<OrderInput[]> {
  const bucket = new ArchiveBucket().add(...bodies.map((body, index) => archivedMessageAt(index * 1_000, body)));
  const received: OrderInput[] = [];
  const send = async ({ input }: SendMessageBatchCommand) => {
    for (const { MessageBody = '' } of input.Entries ?? []) {
      const event = parseEvent(readReplayed(MessageBody)?.body ?? '', [...fromTopic, ...fromBus]);
      received.push(event as OrderInput);
    }
    return {};
  };
  await replay(
    {} as DeployedShop,
    {
      selection: selectionFor('order'),
      from: new Date(0),
      until: new Date('2099-01-01'),
      destination: { queueUrl: 'outcomes', name: 'r', withEffects: false },
      dryRun: false,
      rate: 1_000,
    },
    { archive: bucket.archive(), queue: { send } as never },
  );
  return received;
}

test('an order that was cancelled under the id of its placement is rebuilt from the archive and cancelled by the sweep', async () => {
  const name = { id: 'o-1', source: '/shop/checkout' };
  const sent = [placed({ orderId: 'o-1' }), cancelRequested({ orderId: 'o-1' })].map((event) => ({
    ...event,
    ...name,
  }));
  const events = await replayedToOrder(sent.map((event) => JSON.stringify(event)));

  const records = new MemoryRecordStore<Order>();
  const now = new Date('2026-11-21T12:00:00Z');
  const published: string[] = [];
  const handle = orderHandler(
    records,
    () => now,
  )(async (all) => {
    published.push(...all.map(({ type }) => type));
    return all.map(() => undefined);
  });
  const deliver = (event: OrderInput, parts: Pick<Delivery, 'withoutEffects'> = {}) =>
    handle([{ event, messageId: event.id, attempt: 1, time: now.toISOString(), ...parts }]);
  for (const event of events) await deliver(event, { withoutEffects: true });
  expect(records.items.get('o-1')?.status).toBe('PLACED');
  expect(published).toEqual([]);

  const none = { payments: new Map(), reservations: new Map(), notifications: new Map() };
  const sweep = memorySweep(
    { orders: records.items, ...none },
    async (all) => {
      for (const event of all) await deliver(parseEvent(JSON.stringify(event), fromBus) as OrderInput);
      return all.map(() => undefined);
    },
    () => new Date(now.getTime() + 900_000),
  );
  await sweep.run();
  expect(records.items.get('o-1')).toMatchObject({ status: 'CANCELLED', reason: 'customer' });
  expect(published).toContain('shop.order.cancelled.v1');
});
