import { withoutContact } from '../../lambdas/notification/forgotten.ts';
import type { Notification } from '../../lambdas/notification/rules.ts';
import { isSettled } from '../../lambdas/notification/text-state.ts';
import { decidedAt, isDecided, type Order } from '../../lambdas/order/record.ts';
import type { Payment } from '../../lambdas/payment/record.ts';
import { dynamoRecordStore, loadRecords, type OrderRecord, type RecordStore } from '../../lambdas/runtime/records.ts';
import { QUEUE_RETENTION_DAYS } from '../../lambdas/runtime/retry-policy.ts';
import type { DeployedShop } from '../stack.ts';

/** What the tables have of an order in which its person may be. */
export type PersonalRecords = { order: Order | undefined; notification: Notification | undefined; isKnown: boolean };

/** Reads what the tables have of orders; every id that is asked for has an entry. */
export async function loadPersonalRecords(
  shop: DeployedShop,
  orderIds: readonly string[],
): Promise<Map<string, PersonalRecords>> {
  const { orders, notifications } = storesOf(shop);
  const [order, notification, payment] = await Promise.all([
    orders.load(orderIds),
    notifications.load(orderIds),
    loadRecords<Payment>(shop.output('PaymentsTableName'), orderIds, shop.documents),
  ]);
  return new Map(
    orderIds.map((id) => [
      id,
      {
        order: order.get(id),
        notification: notification.get(id),
        isKnown: order.has(id) || notification.has(id) || payment.has(id),
      },
    ]),
  );
}

const storesOf = (shop: DeployedShop) => ({
  orders: dynamoRecordStore<Order>(shop.output('OrdersTableName'), shop.documents),
  notifications: dynamoRecordStore<Notification>(shop.output('NotificationsTableName'), shop.documents),
});

const DAY_MS = 86_400_000;

/**
 * Returns why an order's person cannot be forgotten yet: the order is undecided, or its text is still to come. `isGivenUp`: a dead letter says that
 * it does not come. After the days for which a queue keeps a message it does not come either.
 */
export function refusalOf({ order, notification }: PersonalRecords, isGivenUp: boolean, now: Date): string | undefined {
  if (order?.status === undefined) return undefined;
  const { orderId, status } = order;
  if (!isDecided(order)) {
    return `${orderId} is not decided yet, so its customer has still to be told: wait for it, or cancel it first with \`npm run ops -- cancel ${orderId}\`.`;
  }
  // Without a record its own message, with the phone, may still wait.
  const isTextable = notification === undefined || notification.contact?.phone !== undefined;
  if (!isTextable || isGivenUp) return undefined;
  const isComing = now.getTime() - Date.parse(decidedAt(order) ?? '') < QUEUE_RETENTION_DAYS * DAY_MS;
  const told = status === 'CONFIRMED' ? 'order-confirmed' : 'order-cancelled';
  if (!isComing || isSettled(notification?.texts[told])) return undefined;
  return `${orderId} is ${status === 'CONFIRMED' ? 'confirmed' : 'cancelled'}, and its customer is not told yet: run it again once \`npm run ops -- trace ${orderId}\` shows the text.`;
}

/** Tells whether the tables have anything to forget of an order; so they have, too, where another `placed` would bring a phone. */
export const isPersonal = ({ order, notification }: PersonalRecords): boolean =>
  order?.tracestate !== undefined || (notification !== undefined && notification.contact?.forgotten !== true);

const MAX_ATTEMPTS = 10;

/** Forgets an order's person in the tables, for good: no `placed` that comes again brings a phone back. */
export async function forgetRecords(shop: DeployedShop, orderId: string, found: PersonalRecords): Promise<void> {
  const { orders, notifications } = storesOf(shop);
  await change(notifications, orderId, found.notification, (record) => record && withoutContact(record));
  if (found.order === undefined) return;
  await change(orders, orderId, found.order, (record) => {
    if (record?.tracestate === undefined) return record;
    const { tracestate: _, ...rest } = record;
    return rest;
  });
}

/** Changes a record on condition that nobody has changed it meanwhile, and else what that one wrote. */
async function change<R extends OrderRecord>(
  store: RecordStore<R>,
  orderId: string,
  found: R | undefined,
  next: (record: R | undefined) => R | undefined,
): Promise<void> {
  let before = found;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const after = next(before);
    if (after === undefined || after === before) return;
    const [result] = await store.save([{ before, after }]);
    if (result === 'saved') return;
    if (result instanceof Error) throw result;
    before = (await store.load([orderId])).get(orderId);
  }
  throw new Error(`The record of ${orderId} changes all the time: run it again later.`);
}
