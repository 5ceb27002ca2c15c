import { paginateQuery } from '@aws-sdk/lib-dynamodb';
import { buildEvent, type CloudEvent } from '../../contracts/cloud-event.ts';
import { orderDeadlinePassed } from '../../contracts/order.ts';
import { openParts } from '../order/rules.ts';
import { log } from '../runtime/log.ts';
import { busPublisher } from '../runtime/publish.ts';
import { documentClient } from '../runtime/records.ts';
import { setting } from '../runtime/settings.ts';

const client = documentClient();
const publish = busPublisher(setting('EVENT_BUS_NAME'));
const table = setting('TABLE_NAME');
const index = setting('OPEN_ORDERS_INDEX');
const deadlineMs = Number(setting('ORDER_DEADLINE_SECONDS')) * 1000;

// Ten calls to the bus at a time.
const PAGE = 100;

/** Finds the orders that are undecided past their deadline and says so on the bus; the order consumer does the rest. */
export async function handler(): Promise<{ found: number }> {
  const now = new Date();
  const before = new Date(now.getTime() - deadlineMs).toISOString();
  let found = 0;
  let refused: unknown;
  for (const part of openParts) {
    for await (const ids of overdue(part, before)) {
      found += ids.length;
      refused ??= (await publish(ids.map((orderId) => deadlinePassed(orderId, now)))).find((error) => error);
    }
  }
  log.info(`found ${found} orders past their deadline`);
  // The next run finds again what was not published.
  if (refused !== undefined) throw refused;
  return { found };
}

async function* overdue(part: string, before: string): AsyncGenerator<string[]> {
  const pages = paginateQuery(
    { client, pageSize: PAGE },
    {
      TableName: table,
      IndexName: index,
      KeyConditionExpression: '#open = :part AND openSince < :before',
      ExpressionAttributeNames: { '#open': 'open' },
      ExpressionAttributeValues: { ':part': part, ':before': before },
      ProjectionExpression: 'orderId',
    },
  );
  for await (const { Items = [] } of pages) yield Items.map(({ orderId }) => String(orderId));
}

const deadlinePassed = (orderId: string, now: Date): CloudEvent =>
  buildEvent(orderDeadlinePassed, {
    id: `${orderId}.deadline-passed`,
    time: now.toISOString(),
    subject: orderId,
    data: { orderId },
  });
