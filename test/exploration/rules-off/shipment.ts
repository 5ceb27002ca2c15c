import {
  orderCancelled,
  orderCancelRequested,
  orderDispatched,
  orderReconciliationDue,
  orderShipped,
} from '../../../contracts/order.ts';
import { paymentDeclined } from '../../../contracts/payment.ts';
import type { Order } from '../../../lambdas/order/record.ts';
import type { Reservation } from '../../../lambdas/stock/record.ts';
import type { Rules } from '../rules.ts';
import { isDeliveryOf, type RuleOff } from './rule-off.ts';

type Decide = Rules['order'];

/** Has order see another record when some deliveries come. */
const forgetting =
  (forget: (order: Order) => Order, ...contracts: readonly { type: string }[]) =>
  (rules: Rules): Rules => ({
    ...rules,
    order: (order, delivery, ...rest) =>
      order !== undefined && contracts.some((contract) => isDeliveryOf(delivery, contract))
        ? rules.order(forget(order), delivery, ...rest)
        : rules.order(order, delivery, ...rest),
  });

/** Changes what order does with what comes. */
const changing =
  (change: (transition: ReturnType<Decide>, ...args: Parameters<Decide>) => ReturnType<Decide>) =>
  (rules: Rules): Rules => ({ ...rules, order: (...args) => change(rules.order(...args), ...args) });

const undispatched = ({ dispatched: _, ...order }: Order): Order => order;

export const shipmentRulesOff: readonly RuleOff[] = [
  {
    rule: 'order: shipped of an order that is not confirmed is a dead letter, and not noted',
    scenario: 'shipped-early',
    harm: /waits for ever|dead-lettered|Cancelled after|Confirmed|is CANCELLED/,
    off: (rules) => ({
      ...rules,
      order: (order, delivery, ...rest) =>
        isDeliveryOf(delivery, orderShipped) && order?.status !== 'CONFIRMED' && order?.status !== 'CANCELLED'
          ? rules.order(order, { ...delivery, withoutEffects: true }, ...rest)
          : rules.order(order, delivery, ...rest),
    }),
  },
  {
    rule: 'order: no request cancels what left',
    scenario: 'ship',
    harm: /Cancelled after goods of it left|goods of it left/,
    off: forgetting(undispatched, orderCancelRequested),
  },
  {
    rule: 'order: no capture that is refused cancels what left',
    scenario: 'lapse-ship',
    harm: /Cancelled after goods of it left/,
    off: forgetting(undispatched, paymentDeclined),
  },
  {
    rule: 'order: shipped of a cancelled order is an alarm',
    scenario: 'ship',
    harm: /Goods left, the order is CANCELLED|and goods of it left/,
    off: (rules) => ({
      ...rules,
      order: (order, delivery, ...rest) =>
        isDeliveryOf(delivery, orderShipped) && order?.status === 'CANCELLED'
          ? {}
          : rules.order(order, delivery, ...rest),
    }),
  },
  {
    rule: 'order: a capture refused after shipping is for a person, and the sweep stops',
    scenario: 'lapse-ship',
    harm: /never ends/,
    off: changing(({ failure: _, ...transition }, order) => {
      const { after } = transition;
      if (after === undefined || order?.contradiction !== undefined || after.status === 'CANCELLED') return transition;
      const { contradiction: __, ...rest } = after;
      return { ...transition, after: rest };
    }),
  },
  {
    rule: 'order: who asked to cancel what left is answered',
    scenario: 'ship',
    harm: /Nobody answers: cancellation/,
    off: changing((transition, _, delivery) => {
      if (!isDeliveryOf(delivery, orderCancelRequested)) return transition;
      const { publish: __, ...rest } = transition;
      return rest;
    }),
  },
  {
    rule: 'order: a request that cancelled the order is no second one when it comes again',
    scenario: 'ship-goods-faults',
    harm: /A request that was noted is refused/,
    off: (rules) => ({
      ...rules,
      order: (order, delivery, ...rest) => {
        if (order?.status !== 'CANCELLED' || !isDeliveryOf(delivery, orderCancelRequested))
          return rules.order(order, delivery, ...rest);
        const timeline = order.timeline.filter(({ type }) => type !== orderCancelRequested.type);
        const { publish = [] } = rules.order({ ...order, timeline, published: timeline.length }, delivery, ...rest);
        return { publish };
      },
    }),
  },
  {
    rule: 'order: payment and stock are told at the first parcel, and again by the sweep',
    scenario: 'ship-goods-faults',
    harm: /never ends/,
    off: changing(({ publish = [], outbox = [], ...transition }) => ({
      ...transition,
      publish: publish.filter(({ type }) => type !== orderDispatched.type),
      outbox: outbox.map(({ events, ...entry }) => ({
        ...entry,
        events: events.filter(({ type }) => type !== orderDispatched.type),
      })),
    })),
  },
  {
    rule: 'payment: what left is not refunded when a table that was put back is cancelled',
    scenario: 'restore-order-ship',
    harm: /goods of it left/,
    off: (rules) => ({
      ...rules,
      payment: (payment, input, ...rest) => {
        if (payment?.dispatched === undefined || !isDeliveryOf(input, orderCancelled))
          return rules.payment(payment, input, ...rest);
        const { dispatched: _, ...forgetful } = payment;
        return rules.payment(forgetful, input, ...rest);
      },
    }),
  },
  {
    rule: 'stock: what left is not put on the shelf when a table that was put back is cancelled',
    scenario: 'restore-order-ship',
    harm: /What left is put on the shelf/,
    off: (rules) => ({
      ...rules,
      stock: ([delivery, ...others], snapshot, ...rest) => {
        if (delivery === undefined || !isDeliveryOf(delivery, orderCancelled))
          return rules.stock(delivery === undefined ? others : [delivery, ...others], snapshot, ...rest);
        const held = snapshot.reservations.get('o-1001');
        if (!held?.dispatched) return rules.stock([delivery, ...others], snapshot, ...rest);
        const { dispatched: _, ...forgetful } = held;
        const reservations = new Map<string, Reservation | null>([['o-1001', forgetful]]);
        const { planned, ...plan } = rules.stock([delivery, ...others], { ...snapshot, reservations }, ...rest);
        return {
          ...plan,
          planned: planned.map((one) =>
            'write' in one && one.write !== undefined && one.write.before !== null
              ? { ...one, write: { ...one.write, before: held } }
              : one,
          ),
        };
      },
    }),
  },
  {
    rule: 'sweep: an order that was put back is taught that goods of it left',
    scenario: 'restore-order-ship',
    harm: /never ends|nobody is told|Cancelled after|goods of it left/,
    off: (rules) => ({
      ...rules,
      order: (order, delivery, ...rest) => {
        if (!isDeliveryOf(delivery, orderReconciliationDue)) return rules.order(order, delivery, ...rest);
        const { event } = delivery;
        const { dispatched: _, ...data } = event.data as { orderId: string; dispatched?: true };
        return rules.order(order, { ...delivery, event: { ...event, data } } as typeof delivery, ...rest);
      },
    }),
  },
];
