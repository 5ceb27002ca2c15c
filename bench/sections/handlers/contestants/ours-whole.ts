import type { PaymentGateway } from '../../../../lambdas/payment/gateway.ts';
import { paymentConsumer } from '../../../../lambdas/payment/payment-consumer.ts';
import type { Payment } from '../../../../lambdas/payment/rules.ts';
import type { RecordStore } from '../../../../lambdas/runtime/records.ts';
import { nowhere } from './nowhere.ts';

const records: RecordStore<Payment> = {
  load: async () => new Map(),
  save: async (changes) => changes.map(() => 'saved'),
  advanceTo: async () => {},
};
const gateway: PaymentGateway = {
  capture: async () => ({ kind: 'captured' }),
  find: async () => ({ captured: false, refunded: false }),
  refund: async () => {},
};

/** The payment consumer as it is deployed, with a store, a gateway and a bus that answer at once. */
export const handler = paymentConsumer(gateway, records, nowhere);
