import { orderPlaced } from '../../../../contracts/order.ts';
import { consumes } from '../../../../lambdas/payment/consumes.ts';
import type { PaymentGateway } from '../../../../lambdas/payment/gateway.ts';
import {
  nextPayment,
  type Payment,
  type PaymentAction,
  type PaymentInput,
  type PaymentOutcome,
  performPayment,
} from '../../../../lambdas/payment/rules.ts';
import { circuitBreaker } from '../../../../lambdas/runtime/circuit-breaker.ts';
import { consumer } from '../../../../lambdas/runtime/consume.ts';
import type { Records } from '../../../../lambdas/runtime/records.ts';
import { stateMachine } from '../../../../lambdas/runtime/state-machine.ts';
import { nowhere } from './nowhere.ts';

const records: Records<Payment> = {
  load: async () => new Map(),
  save: async (changes) => changes.map(() => 'saved'),
  raise: async () => {},
};
const gateway: PaymentGateway = {
  capture: async () => ({ kind: 'captured' }),
  find: async () => ({ captured: false, refunded: false }),
  refund: async () => {},
};
const breaker = circuitBreaker({ downstream: 'payment gateway' });

/** The payment consumer as it is deployed, with a store, a gateway and a bus that answer at once. */
export const handler = consumer(
  'payment',
  consumes,
  stateMachine<Payment, PaymentInput, PaymentAction, PaymentOutcome>(
    {
      next: (payment, input) => nextPayment(payment, input, new Date()),
      perform: (action) => breaker(() => performPayment(gateway, action)),
      usuallyFirst: ({ type }) => type === orderPlaced.type,
    },
    records,
  ),
  nowhere,
);
