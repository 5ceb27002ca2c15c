import { nextPayment, type PaymentInput } from '../../../../lambdas/payment/rules.ts';

/** Takes an event of a new order and decides what to write and to do, by the rule that is deployed; the same for every contestant. */
export const decide = (event: PaymentInput, messageId: string, attempt: number) =>
  nextPayment(undefined, { event, messageId, attempt, time: event.time ?? new Date().toISOString() }, new Date());
