import { orderCancelled, orderDispatched, orderRefundRequested } from '../../../contracts/order.ts';
import { paymentRefunded } from '../../../contracts/payment.ts';
import type { Payment, Refund } from '../../../lambdas/payment/record.ts';
import { ConflictError, WaitingError } from '../../../lambdas/runtime/failure.ts';
import type { Reservation } from '../../../lambdas/stock/record.ts';
import type { Rules } from '../rules.ts';
import { isDeliveryOf, type RuleOff } from './rule-off.ts';

/** Has payment not see some refunds when some deliveries come; they stay on record. */
const forgettingRefunds =
  (isForgotten: (refund: Refund) => boolean, contract: { type: string }, state?: Payment['state']) =>
  (rules: Rules): Rules => ({
    ...rules,
    payment: (payment, input, ...rest) => {
      const { refunds = [] } = payment ?? {};
      const forgotten = refunds.filter(isForgotten);
      if (payment === undefined || forgotten.length === 0 || !isDeliveryOf(input, contract))
        return rules.payment(payment, input, ...rest);
      const known = refunds.filter((refund) => !isForgotten(refund));
      const seen = { ...payment, refunds: known, ...(state && { state }) };
      const { after, ...transition } = rules.payment(seen, input, ...rest);
      if (after === undefined) return transition;
      const kept = { ...after, refunds: [...forgotten, ...(after.refunds ?? [])] };
      return { ...transition, after: state === undefined ? kept : { ...kept, state: payment.state } };
    },
  });

/** Has stock not see what came back when some deliveries come; it stays on record. */
const forgettingReturns =
  (contract: { type: string }) =>
  (rules: Rules): Rules => ({
    ...rules,
    stock: (deliveries, snapshot, ...rest) => {
      const held = snapshot.reservations.get('o-1001');
      const [delivery] = deliveries;
      if (!held?.returned || delivery === undefined || !isDeliveryOf(delivery, contract))
        return rules.stock(deliveries, snapshot, ...rest);
      const { returned, ...forgetful } = held;
      const reservations = new Map<string, Reservation | null>([['o-1001', forgetful]]);
      const { planned, ...plan } = rules.stock(deliveries, { ...snapshot, reservations }, ...rest);
      return {
        ...plan,
        planned: planned.map((one) =>
          'write' in one && one.write !== undefined && one.write.before !== null
            ? {
                ...one,
                write: {
                  before: held,
                  after: { ...one.write.after, returned: [...returned, ...(one.write.after.returned ?? [])] },
                },
              }
            : one,
        ),
      };
    },
  });

export const refundRulesOff: readonly RuleOff[] = [
  {
    rule: 'payment: a refund waits until the capture is answered',
    scenario: 'refund',
    harm: /Nobody answers: money back/,
    off: (rules) => ({
      ...rules,
      payment: (payment, input, ...rest) => {
        try {
          return rules.payment(payment, input, ...rest);
        } catch (error) {
          if (!(error instanceof WaitingError)) throw error;
          return { failure: new ConflictError('It cannot be refunded now') };
        }
      },
    }),
  },
  {
    rule: 'payment: a refund is made once per id',
    scenario: 'refund-twice',
    harm: /is noted as refunded|never ends/,
    off: forgettingRefunds(() => true, orderRefundRequested),
  },
  {
    rule: 'payment: no more is refunded than is left',
    scenario: 'refund-cancel',
    harm: /More is refunded|more than was captured/,
    off: forgettingRefunds(({ refundId }) => refundId === 'r-1', orderRefundRequested),
  },
  {
    rule: 'payment: what a cancellation refunds is less what was begun',
    scenario: 'refund-cancel',
    harm: /more than was captured|Cancelled: captured/,
    off: forgettingRefunds(({ state }) => state === 'pending', orderCancelled),
  },
  {
    rule: 'payment: no refund is begun once cancelled is heard',
    scenario: 'refund-cancel',
    harm: /more than was captured|Cancelled: captured/,
    off: forgettingRefunds(({ refundId }) => refundId === undefined, orderRefundRequested, 'captured'),
  },
  {
    rule: 'payment: any message resumes refunds that were begun',
    scenario: 'refund-lost',
    harm: /never ends/,
    off: (rules) => ({
      ...rules,
      payment: (payment, input, ...rest) => {
        const isPending = payment?.refunds?.some(({ state }) => state === 'pending');
        return isPending && 'event' in input ? {} : rules.payment(payment, input, ...rest);
      },
    }),
  },
  {
    rule: 'payment: the provider is asked how much went back, which a table that was put back forgets',
    scenario: 'restore-payment-refund',
    harm: /More is refunded than was captured/,
    off: (rules) => ({
      ...rules,
      gateway: (book, call, ...rest) => {
        if (call.name !== 'refund' && call.name !== 'find') return rules.gateway(book, call, ...rest);
        const { captured, refunds } = book;
        const isCancellation = ({ refundId }: { refundId: string }) => refundId === 'cancel';
        const seen =
          call.name === 'find' ? { ...book, refunds: refunds.filter(isCancellation) } : { ...book, captured: 1e9 };
        return rules.gateway(seen, call, ...rest).map(({ book: after, answer }) => ({
          book: call.name === 'find' ? book : { ...after, captured },
          answer,
        }));
      },
    }),
  },
  {
    rule: 'sweep: a refund that was begun is owed',
    scenario: 'refund-lost',
    harm: /A refund was begun and never ends/,
    off: (rules) => ({
      ...rules,
      sweeper: (index, records, ...rest) =>
        rules.sweeper(
          index,
          {
            ...records,
            load: async (orderIds) =>
              new Map(
                [...(await records.load(orderIds))].map(([id, { payment, ...others }]) => [
                  id,
                  { ...others, payment: payment && withoutPending(payment) },
                ]),
              ),
            recordsToCheck: async function* () {},
          },
          ...rest,
        ),
    }),
  },
  {
    rule: 'stock: no more comes back than was sold',
    scenario: 'returns alone',
    harm: /came back, and 2 were sold/,
    off: forgettingReturns(orderRefundRequested),
  },
  {
    rule: 'stock: a cancellation puts back what was sold, less what came back',
    scenario: 'returns alone',
    harm: /are sold to nobody/,
    off: forgettingReturns(orderCancelled),
  },
  {
    rule: 'stock: what came back goes on the shelf where it is to, and only there',
    scenario: 'returns alone',
    harm: /pieces more, and 1 came back/,
    off: (rules) => ({
      ...rules,
      stock: (deliveries, ...rest) => {
        const plan = rules.stock(deliveries, ...rest);
        return deliveries.some((delivery) => isDeliveryOf(delivery, orderRefundRequested))
          ? { ...plan, shelfDeltas: new Map() }
          : plan;
      },
    }),
  },
  {
    rule: 'notification: after a cancellation nothing is texted of a shipment or a refund',
    scenario: 'ship-texts',
    harm: /is texted after the cancellation/,
    off: (rules) => ({
      ...rules,
      notification: (notification, input, ...rest) => {
        const isFollowUp = isDeliveryOf(input, orderDispatched) || isDeliveryOf(input, paymentRefunded);
        if (notification?.decision !== 'order-cancelled' || !isFollowUp)
          return rules.notification(notification, input, ...rest);
        const { after, ...step } = rules.notification({ ...notification, decision: 'order-confirmed' }, input, ...rest);
        return { ...step, ...(after && { after: { ...after, decision: 'order-cancelled' as const } }) };
      },
    }),
  },
];

const withoutPending = ({ refunds, ...payment }: Payment): Payment => ({
  ...payment,
  ...(refunds && { refunds: refunds.filter(({ state }) => state !== 'pending') }),
});
