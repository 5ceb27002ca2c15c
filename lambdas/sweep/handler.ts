import { paginateQuery } from '@aws-sdk/lib-dynamodb';
import { buildEvent } from '../../contracts/cloud-event.ts';
import { orderDeadlinePassed, orderReminderDue } from '../../contracts/order.ts';
import { deadlineShards, unremindedShards, untilShards } from '../order/open-orders.ts';
import { requireEnv } from '../runtime/environment.ts';
import { log } from '../runtime/log.ts';
import { busPublisher, withTraceparent } from '../runtime/publish.ts';
import { documentClient } from '../runtime/records.ts';

const client = documentClient();
const publish = busPublisher(requireEnv('EVENT_BUS_NAME'));
const table = requireEnv('TABLE_NAME');
const index = requireEnv('OPEN_ORDERS_INDEX');
const deadlineMs = Number(requireEnv('ORDER_DEADLINE_SECONDS')) * 1000;
const reminderMs = Number(requireEnv('REMINDER_SECONDS')) * 1000;

// A page is published with ten PutEvents calls of ten entries each.
const PAGE_SIZE = 100;
// The first year that a message can name.
const BEGINNING = new Date('0001-01-01T00:00:00Z');

/** A query for the orders of some index shards whose `openSince` is in a range, and the event to publish for each. */
type OverdueQuery = {
  contract: typeof orderDeadlinePassed | typeof orderReminderDue;
  shards: readonly string[];
  since: Date;
  until: Date;
};

/**
 * Publishes an event for each order that is undecided past its deadline or the `until` of its awaited payment, and for each whose customer should be told of a delay. The
 * outcomes consumer then cancels or reminds. Throws the first publishing error after all orders were attempted.
 */
export async function handler(): Promise<{ found: number; reminded: number }> {
  const now = new Date();
  const deadline = new Date(now.getTime() - deadlineMs);
  const reminder = new Date(now.getTime() - reminderMs);
  const publishErrors: Error[] = [];
  const due = { contract: orderDeadlinePassed, since: BEGINNING };
  const pastDeadline = await publishOverdue({ ...due, shards: deadlineShards, until: deadline });
  const found = pastDeadline + (await publishOverdue({ ...due, shards: untilShards, until: now }));
  // Orders past the deadline are cancelled, and need no reminder.
  const reminded =
    reminderMs === 0
      ? 0
      : await publishOverdue({
          contract: orderReminderDue,
          shards: unremindedShards,
          since: deadline,
          until: reminder,
        });
  log.info(`found ${found} orders past their deadline and ${reminded} to be reminded of`);
  // The next run finds the unpublished ones again.
  if (publishErrors[0] !== undefined) throw publishErrors[0];
  return { found, reminded };

  async function publishOverdue({ contract, shards, since, until }: OverdueQuery): Promise<number> {
    const [, eventName] = /^shop\.order\.(.+)\.v1$/.exec(contract.type) ?? [];
    let count = 0;
    for (const shard of shards) {
      for await (const orderIds of undecidedOrders(shard, since, until)) {
        count += orderIds.length;
        const events = orderIds.map((orderId) =>
          withTraceparent(
            buildEvent<string, { orderId: string }>(contract, {
              id: `${orderId}.${eventName}`,
              time: now.toISOString(),
              subject: orderId,
              data: { orderId },
            }),
          ),
        );
        publishErrors.push(...(await publish(events)).filter((error) => error !== undefined));
      }
    }
    return count;
  }
}

async function* undecidedOrders(shard: string, since: Date, until: Date): AsyncGenerator<string[]> {
  const pages = paginateQuery(
    { client, pageSize: PAGE_SIZE },
    {
      TableName: table,
      IndexName: index,
      KeyConditionExpression: '#open = :part AND openSince BETWEEN :since AND :until',
      ExpressionAttributeNames: { '#open': 'open' },
      ExpressionAttributeValues: { ':part': shard, ':since': since.toISOString(), ':until': until.toISOString() },
      ProjectionExpression: 'orderId',
    },
  );
  for await (const { Items = [] } of pages) yield Items.map(({ orderId }) => String(orderId));
}
