import { consumes } from '../../../../lambdas/payment/consumes.ts';
import type { PaymentInput } from '../../../../lambdas/payment/rules.ts';
import { nextPayment } from '../../../../lambdas/payment/rules.ts';
import { consumer } from '../../../../lambdas/runtime/consume.ts';
import type { Delivery } from '../../../../lambdas/runtime/delivery.ts';
import { nowhere } from './nowhere.ts';

/** The payment consumer up to its decision: nothing is written and nothing published. */
export const handler = consumer(
  'payment',
  consumes,
  async (deliveries: readonly Delivery<PaymentInput>[]) =>
    deliveries.map((delivery) => {
      nextPayment(undefined, delivery, new Date());
      return { publish: [] };
    }),
  nowhere,
);
