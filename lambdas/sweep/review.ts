import { buildEvent, type CloudEvent, type EventContract } from '../../contracts/cloud-event.ts';
import { orderDeadlinePassed, orderReconciliationDue } from '../../contracts/order.ts';
import { isDue } from '../order/open-orders.ts';
import { decidedAt, isDecided, type Order } from '../order/record.ts';
import { type Publish, withTraceparent } from '../runtime/publish.ts';
import { forgetContacts } from './contacts.ts';
import type { OrderIndex } from './order-index.ts';
import type { OrderRecordsReader } from './order-records.ts';
import { isOver } from './retention.ts';
import { type Finding, findingOf, messageForUndecided, type OrderRecords, type SweepMessage } from './rules.ts';

/** How long an order may be undecided, when its customer is told of a delay (0: never), and when all have heard of a decision. Milliseconds. */
export type SweepTimes = { deadlineMs: number; reminderMs: number; settleMs: number };

/** How long after the decision of an order its customer's phone is kept, and its records after the last that happened (0: always). Milliseconds. */
export type RetentionTimes = { phoneMs: number; recordMs: number };

const MAX_INTERVAL_MS = 86_400_000;
/** The first year that a message can name. */
export const BEGINNING = new Date('0001-01-01T00:00:00Z');

/** One run of the sweep. */
export type Sweep = {
  index: OrderIndex;
  records: OrderRecordsReader;
  publish: Publish;
  times: SweepTimes & RetentionTimes;
  now: Date;
  failures: Error[];
  hasTime(): boolean;
};

/** Returns the moment that is so many milliseconds before the run. */
export const before = ({ now }: Sweep, milliseconds: number) => new Date(now.getTime() - milliseconds);

/**
 * Publishes what orders owe, and decides when to look at them again. The phones of those whose time is over end here, as such an order is behind the
 * others of its moment. `failed`: not everything could be published.
 */
export async function reconcile(
  sweep: Sweep,
  page: readonly { orderId: string }[],
): Promise<{ owing: number; failed: boolean }> {
  const { index } = sweep;
  const all = await sweep.records.load(page.map(({ orderId }) => orderId));
  const hasPhonesLeft = await endPhones(sweep, [...all.values()]);
  const messages: { orderId: string; message: SweepMessage; order: Order }[] = [];
  for (const [orderId, found] of all) {
    const { order } = found;
    if (order === undefined) continue;
    const finding = findingFor(sweep, orderId, { ...found, order });
    if (finding.kind === 'owing') messages.push({ orderId, message: finding.message, order });
    else if (finding.kind === 'waiting') await index.moveToDue(order, finding.until, order.reconciliations ?? 0);
    else if (isDue(order.open) && !hasPhonesLeft) await index.returnToDecided(order);
  }
  const failed = await publishFor(sweep, messages);
  if (!failed) await Promise.all(messages.map(({ order }) => postpone(sweep, order)));
  return { owing: messages.length, failed };
}

function findingFor({ times, now }: Sweep, orderId: string, records: OrderRecords & { order: Order }): Finding {
  const { order } = records;
  if (isOver(records, times.recordMs, now)) return { kind: 'settled' };
  return isDecided(order)
    ? findingOf(order, records, now)
    : { kind: 'owing', message: messageForUndecided(orderId, records, false, now) };
}

/** Ends the phones whose time is over; returns whether some are left. */
function endPhones(sweep: Sweep, found: readonly OrderRecords[]): Promise<boolean> {
  const until = before(sweep, sweep.times.phoneMs).toISOString();
  const ended = found.flatMap(({ order, notification }) =>
    order !== undefined && notification !== undefined && (decidedAt(order) ?? until) < until ? [notification] : [],
  );
  return forgetContacts(sweep, ended);
}

/** Has an order that owes something looked at again: at doubling intervals, up to a day. */
function postpone({ index, times, now }: Sweep, order: Order): Promise<void> {
  const { reconciliations = 0 } = order;
  const interval = Math.min(times.settleMs * 2 ** reconciliations, MAX_INTERVAL_MS);
  return index.moveToDue(order, new Date(now.getTime() + interval), reconciliations + 1);
}

/** What publishing takes; `failures` gets the errors. */
export type Publication = Pick<Sweep, 'publish' | 'now' | 'failures'>;

/** Publishes messages about orders; returns whether some of them failed. */
export function publishFor(
  sweep: Publication,
  messages: readonly { orderId: string; message: SweepMessage }[],
): Promise<boolean> {
  return publishAll(
    sweep,
    messages.map(({ orderId, message }) =>
      message.name === 'deadline-passed'
        ? sweepEvent(sweep, orderDeadlinePassed, { orderId })
        : sweepEvent(sweep, orderReconciliationDue, message.data),
    ),
  );
}

export async function publishAll({ publish, failures }: Publication, events: readonly CloudEvent[]): Promise<boolean> {
  if (events.length === 0) return false;
  const errors = (await publish(events)).filter((error) => error !== undefined);
  failures.push(...errors);
  return errors.length > 0;
}

export function sweepEvent<Data extends { orderId: string }>(
  { now }: Publication,
  contract: EventContract<string, Data>,
  data: Data,
): CloudEvent {
  const [, name] = /^shop\.order\.(.+)\.v1$/.exec(contract.type) ?? [];
  const { orderId } = data;
  const event = { id: `${orderId}.${name}`, time: now.toISOString(), subject: orderId, data };
  return withTraceparent(buildEvent<string, Data>(contract, event));
}
