import { paginateQuery } from '@aws-sdk/lib-dynamodb';
import { buildEvent } from '../../contracts/cloud-event.ts';
import { orderDeadlinePassed, orderReminderDue } from '../../contracts/order.ts';
import { openShards, unremindedShards } from '../order/open-orders.ts';
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

// Ten calls to the bus at a time.
const PAGE = 100;
const EVER = new Date(0);

/** What is said of an order that has been undecided for longer than one time and not longer than the other. */
type Search = {
  contract: typeof orderDeadlinePassed | typeof orderReminderDue;
  parts: readonly string[];
  since: Date;
  until: Date;
};

/**
 * Finds the orders that are undecided past their deadline, and those whose customers should be told that it takes longer, and
 * says so on the bus; the outcomes consumer does the rest.
 */
export async function handler(): Promise<{ found: number; reminded: number }> {
  const now = new Date();
  const deadline = new Date(now.getTime() - deadlineMs);
  const reminder = new Date(now.getTime() - reminderMs);
  const refusals: Error[] = [];
  const found = await publishFor({ contract: orderDeadlinePassed, parts: openShards, since: EVER, until: deadline });
  // Who is past the deadline hears of the cancellation instead.
  const reminded =
    reminderMs === 0
      ? 0
      : await publishFor({ contract: orderReminderDue, parts: unremindedShards, since: deadline, until: reminder });
  log.info(`found ${found} orders past their deadline and ${reminded} to be reminded of`);
  // The next run finds again what was not published.
  if (refusals[0] !== undefined) throw refusals[0];
  return { found, reminded };

  async function publishFor({ contract, parts, since, until }: Search): Promise<number> {
    const [, what] = /^shop\.order\.(.+)\.v1$/.exec(contract.type) ?? [];
    let count = 0;
    for (const part of parts) {
      for await (const ids of undecided(part, since, until)) {
        count += ids.length;
        const events = ids.map((orderId) =>
          withTraceparent(
            buildEvent<string, { orderId: string }>(contract, {
              id: `${orderId}.${what}`,
              time: now.toISOString(),
              subject: orderId,
              data: { orderId },
            }),
          ),
        );
        refusals.push(...(await publish(events)).filter((error) => error !== undefined));
      }
    }
    return count;
  }
}

async function* undecided(part: string, since: Date, until: Date): AsyncGenerator<string[]> {
  const pages = paginateQuery(
    { client, pageSize: PAGE },
    {
      TableName: table,
      IndexName: index,
      KeyConditionExpression: '#open = :part AND openSince BETWEEN :since AND :until',
      ExpressionAttributeNames: { '#open': 'open' },
      ExpressionAttributeValues: { ':part': part, ':since': since.toISOString(), ':until': until.toISOString() },
      ProjectionExpression: 'orderId',
    },
  );
  for await (const { Items = [] } of pages) yield Items.map(({ orderId }) => String(orderId));
}
