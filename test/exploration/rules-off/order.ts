import type { CloudEvent } from '../../../contracts/cloud-event.ts';
import { orderProgressed } from '../../../contracts/lifecycle.ts';
import { orderDeadlinePassed, orderPlaced, orderReconciliationDue } from '../../../contracts/order.ts';
import { paymentDeclined } from '../../../contracts/payment.ts';
import type { Order } from '../../../lambdas/order/record.ts';
import type { Rules } from '../rules.ts';
import { isDeliveryOf, type RuleOff } from './rule-off.ts';

type Decide = Rules['order'];
type OrderTransition = ReturnType<Decide>;

/** Replaces what order does with some deliveries; where `decide` returns `undefined`, the rules stay. */
const instead =
  (decide: (next: Decide, ...args: Parameters<Decide>) => OrderTransition | undefined) =>
  (rules: Rules): Rules => ({ ...rules, order: (...args) => decide(rules.order, ...args) ?? rules.order(...args) });

/** Changes what order writes. */
const writing =
  (change: (after: Order) => Order) =>
  (rules: Rules): Rules => ({
    ...rules,
    order: (...args) => {
      const transition = rules.order(...args);
      return transition.after === undefined ? transition : { ...transition, after: change(transition.after) };
    },
  });

const outsideIndex = ({ open: _, openSince: __, ...order }: Order): Order => order;

/** Gives the step of a placed order a status, whatever was before it. */
function withStatus(event: CloudEvent): CloudEvent {
  if (event.type !== orderProgressed.type) return event;
  const data = event.data as { step: string };
  return data.step === orderPlaced.type ? { ...event, data: { ...data, status: 'PLACED' } } : event;
}

export const orderRulesOff: readonly RuleOff[] = [
  {
    rule: 'order: placed after a cancellation is a step without a status',
    scenario: 'reports',
    harm: /goes back to PLACED in the feed/,
    off: (rules) => ({
      ...rules,
      order: (...args) => {
        const { outbox = [], ...transition } = rules.order(...args);
        return {
          ...transition,
          outbox: outbox.map(({ events, ...entry }) => ({ ...entry, events: events.map(withStatus) })),
        };
      },
    }),
  },
  {
    rule: 'order: what contradicts among placed, authorized and reserved cancels the order',
    scenario: 'two-placed-lost',
    harm: /never ends/,
    off: writing(({ paid: _, reserved: __, ...after }) => after),
  },
  {
    rule: 'order: a deadline that comes after the decision changes nothing',
    scenario: 'sweep',
    harm: /Timed out after/,
    off: instead((next, order, delivery, ...rest) =>
      order?.status === 'CONFIRMED' && isDeliveryOf(delivery, orderDeadlinePassed)
        ? next({ ...order, status: 'PLACED' }, delivery, ...rest)
        : undefined,
    ),
  },
  {
    rule: 'order: nothing leaves CANCELLED',
    scenario: 'reports',
    harm: /goes back from CANCELLED/,
    off: instead((next, order, delivery, ...rest) => {
      if (order?.status !== 'CANCELLED' || order.items === undefined || order.reason === 'payment-declined')
        return undefined;
      const { reason: _, cancelRequested: __, ...undecided } = order;
      return next({ ...undecided, status: 'PLACED' }, delivery, ...rest);
    }),
  },
  {
    rule: 'order: a capture that is refused for good cancels a confirmed order',
    scenario: 'lapse',
    harm: /never ends/,
    off: instead((_, order, delivery) =>
      order?.status === 'CONFIRMED' && isDeliveryOf(delivery, paymentDeclined) ? {} : undefined,
    ),
  },
  {
    rule: 'order: a replay only learns',
    scenario: 'replay',
    harm: /A replay decides/,
    off: instead((next, order, { withoutEffects, ...delivery }, ...rest) =>
      withoutEffects ? next(order, delivery, ...rest) : undefined,
    ),
  },
  {
    rule: 'order: a decision is published again where the sweep finds that others have not heard it',
    scenario: 'plain',
    harm: /never ends/,
    off: instead((next, order, delivery, ...rest) => {
      if (!isDeliveryOf(delivery, orderReconciliationDue)) return undefined;
      const { publish: _, ...transition } = next(order, delivery, ...rest);
      return transition;
    }),
  },
  {
    rule: 'order: a record is in the index from its first event on',
    scenario: 'plain',
    harm: /Goods are reserved, the order is undefined/,
    off: writing((after) => (after.status === undefined ? outsideIndex(after) : after)),
  },
  {
    rule: 'order: a decided order stays in the index',
    scenario: 'plain',
    harm: /never published/,
    off: writing((after) =>
      after.status === 'CONFIRMED' || after.status === 'CANCELLED' ? outsideIndex(after) : after,
    ),
  },
  {
    rule: 'shipping: what moves the status forward counts, also under a number that was used before the table was put back',
    scenario: 'restore-order-texts',
    harm: /to shipping it is/,
    off: (rules) => ({
      ...rules,
      shipping: (shipment, delivery) =>
        shipment !== undefined && delivery.event.data.sequence <= shipment.sequence
          ? {}
          : rules.shipping(shipment, delivery),
    }),
  },
];
