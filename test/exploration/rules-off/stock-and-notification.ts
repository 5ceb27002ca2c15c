import { orderCancelled, orderConfirmed } from '../../../contracts/order.ts';
import { ConflictError } from '../../../lambdas/runtime/failure.ts';
import type { StockPlan } from '../../../lambdas/stock/plan.ts';
import type { Reservation } from '../../../lambdas/stock/record.ts';
import type { Rules } from '../rules.ts';
import { isDeliveryOf, type RuleOff } from './rule-off.ts';

type StockInput = Parameters<Rules['stock']>[0][number];

/** Replaces what stock does with some deliveries, by the reservation that it knows; where `plan` returns `undefined`, the rules stay. */
const stockInstead =
  (
    plan: (
      reservation: Reservation | null | undefined,
      delivery: StockInput,
    ) => StockPlan['planned'][number] | undefined,
  ) =>
  (rules: Rules): Rules => ({
    ...rules,
    stock: (deliveries, snapshot, ...rest) => {
      const [only] = deliveries;
      const planned = only && plan(snapshot.reservations.get('o-1001'), only);
      return planned ? { planned: [planned], shelfDeltas: new Map() } : rules.stock(deliveries, snapshot, ...rest);
    },
  });

const conflict = { failure: new ConflictError('Order o-1001 was already decided otherwise') };

/** Has notification refuse what contradicts the decision that it heard. */
const notificationRefuses =
  (heard: 'order-confirmed' | 'order-cancelled', contract: { type: string }) =>
  (rules: Rules): Rules => ({
    ...rules,
    notification: (notification, input, settings) => {
      if (notification?.decision === heard && isDeliveryOf(input, contract)) throw conflict.failure;
      return rules.notification(notification, input, settings);
    },
  });

export const stockRulesOff: readonly RuleOff[] = [
  {
    rule: 'stock: once cancelled is heard, confirmed changes nothing',
    scenario: 'stock alone',
    harm: /dead-lettered/,
    off: stockInstead((reservation, delivery) =>
      isDeliveryOf(delivery, orderConfirmed) && /released|cancelled/.test(reservation?.state ?? '')
        ? conflict
        : undefined,
    ),
  },
  {
    rule: 'stock: cancelled undoes confirmed',
    scenario: 'stock alone',
    harm: /dead-lettered/,
    off: stockInstead((reservation, delivery) =>
      isDeliveryOf(delivery, orderCancelled) && reservation?.state === 'sold' ? conflict : undefined,
    ),
  },
  {
    rule: 'stock: a cancellation that comes first is remembered',
    scenario: 'stock alone',
    harm: /Goods are (reserved|sold), the order is CANCELLED/,
    off: stockInstead((reservation, delivery) =>
      isDeliveryOf(delivery, orderCancelled) && reservation === null ? { publish: [] } : undefined,
    ),
  },
];

export const notificationRulesOff: readonly RuleOff[] = [
  {
    rule: 'notification: once cancelled is heard, confirmed changes nothing',
    scenario: 'notification alone',
    harm: /dead-lettered/,
    off: notificationRefuses('order-cancelled', orderConfirmed),
  },
  {
    rule: 'notification: cancelled undoes confirmed',
    scenario: 'notification alone',
    harm: /dead-lettered/,
    off: notificationRefuses('order-confirmed', orderCancelled),
  },
  {
    rule: 'notification: the text of a cancellation waits for that of the confirmation',
    scenario: 'notification alone',
    harm: /The last text is order-confirmed/,
    off: (rules) => ({
      ...rules,
      notification: (notification, input, settings) => {
        if (notification === undefined || !isDeliveryOf(input, orderCancelled))
          return rules.notification(notification, input, settings);
        const { 'order-confirmed': sending, ...texts } = notification.texts;
        const { after, ...step } = rules.notification({ ...notification, texts }, input, settings);
        const kept = sending && { 'order-confirmed': sending };
        return { ...step, ...(after && { after: { ...after, texts: { ...after.texts, ...kept } } }) };
      },
    }),
  },
  {
    rule: 'notification: a confirmation is told only to whom its goods and total were placed by',
    scenario: 'two-placed',
    harm: /to whom placed other goods/,
    off: (rules) => ({
      ...rules,
      notification: (notification, input, settings) => {
        if (notification === undefined || !isDeliveryOf(input, orderConfirmed))
          return rules.notification(notification, input, settings);
        const { contents: _, ...forgetful } = notification;
        return rules.notification(forgetful, input, settings);
      },
    }),
  },
];
