import type { CloudEvent } from '../../../contracts/cloud-event.ts';
import { orderDeadlinePassed, orderReconciliationDue } from '../../../contracts/order.ts';
import { isDecided, type Order } from '../../../lambdas/order/record.ts';
import type { OrderRecords } from '../../../lambdas/sweep/rules.ts';
import type { Rules } from '../rules.ts';
import type { RuleOff } from './rule-off.ts';

type RecordsReader = Parameters<Rules['sweeper']>[1];

/** Changes what the sweep reads. */
const reading =
  (change: (records: RecordsReader) => Partial<RecordsReader>) =>
  (rules: Rules): Rules => ({
    ...rules,
    sweeper: (index, records, ...rest) => rules.sweeper(index, { ...records, ...change(records) }, ...rest),
  });

/** Lets the sweep see something else in the records of a decided order. */
const seeing = (change: (order: Order, records: OrderRecords) => OrderRecords) =>
  reading((reader) => ({
    load: async (orderIds) =>
      new Map(
        [...(await reader.load(orderIds))].map(([orderId, records]) => {
          const { order } = records;
          return [orderId, order && isDecided(order) ? change(order, records) : records];
        }),
      ),
    recordsToCheck: async function* () {},
  }));

/** Changes what the sweep says about an order on record. */
const saying =
  (change: (event: CloudEvent, order: Order | undefined) => CloudEvent) =>
  (rules: Rules): Rules => ({
    ...rules,
    sweeper: (index, records, publish, ...rest) => {
      let known: Order | undefined;
      const load: RecordsReader['load'] = async (orderIds) => {
        const loaded = await records.load(orderIds);
        known = [...loaded.values()][0]?.order;
        return loaded;
      };
      return rules.sweeper(
        index,
        { ...records, load },
        (events) => publish(events.map((event) => change(event, known))),
        ...rest,
      );
    },
  });

const isHeardBy = ({ type, data }: CloudEvent): boolean =>
  type === orderReconciliationDue.type && (data as { decision?: string }).decision !== undefined;

export const sweepRulesOff: readonly RuleOff[] = [
  {
    rule: 'sweep: a step that was not published is owed',
    scenario: 'steps',
    harm: /never published/,
    off: seeing((order, records) => ({ ...records, order: { ...order, published: order.timeline.length } })),
  },
  {
    rule: 'sweep: a payment that has not heard the decision is owed',
    scenario: 'plain',
    harm: /captured 0/,
    off: seeing(({ orderId, status }, records) => ({
      ...records,
      payment: { orderId, version: 1, state: status === 'CONFIRMED' ? 'captured' : 'voided', time: '' },
    })),
  },
  {
    rule: 'sweep: a void or refund that was begun is owed',
    scenario: 'cancel-lost',
    harm: /never ends: the payment is voiding|Money is held/,
    off: seeing((_, { payment, ...records }) => ({
      ...records,
      payment: payment && /^(voiding|refunding)$/.test(payment.state) ? { ...payment, state: 'voided' } : payment,
    })),
  },
  {
    rule: 'sweep: a stock that has not heard the decision is owed',
    scenario: 'plain',
    harm: /Goods are (reserved|sold), the order is CANCELLED/,
    off: seeing(({ orderId, status }, records) => ({
      ...records,
      reservation: { orderId, state: status === 'CONFIRMED' ? 'sold' : 'released', lines: [], time: '' },
    })),
  },
  {
    rule: 'sweep: a notification that has not heard the decision is owed',
    scenario: 'plain',
    harm: /Nobody is told/,
    off: seeing(({ orderId, status }, records) => ({
      ...records,
      notification: {
        orderId,
        version: 1,
        texts: {},
        decision: status === 'CONFIRMED' ? 'order-confirmed' : 'order-cancelled',
      },
    })),
  },
  {
    rule: 'sweep: money and goods that order knows nothing of are found',
    scenario: 'orphan',
    harm: /the order is undefined/,
    off: reading(() => ({ recordsToCheck: async function* () {} })),
  },
  {
    rule: 'sweep: an undecided order of which others have heard the decision takes it over, and does not time out',
    scenario: 'restore-order-busy',
    harm: /Timed out after/,
    off: saying((event, order) =>
      order !== undefined && !isDecided(order) && isHeardBy(event)
        ? { ...event, type: orderDeadlinePassed.type, data: { orderId: order.orderId } }
        : event,
    ),
  },
  {
    rule: 'sweep: cancelled heard anywhere wins',
    scenario: 'restore-order-busy',
    harm: /never ends/,
    off: saying((event, order) =>
      order?.status === 'CONFIRMED' && isHeardBy(event) ? { ...event, data: { orderId: order.orderId } } : event,
    ),
  },
];
