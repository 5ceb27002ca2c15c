import { consumes } from '../../lambdas/payment/consumes.ts';
import { type PaymentEffect, type PaymentEffectResult, runPaymentEffect } from '../../lambdas/payment/effects.ts';
import type { PaymentGateway } from '../../lambdas/payment/gateway.ts';
import type { Payment } from '../../lambdas/payment/record.ts';
import { nextPayment, type PaymentInput } from '../../lambdas/payment/rules.ts';
import { consumer } from '../../lambdas/runtime/consume.ts';
import type { RecordStore } from '../../lambdas/runtime/records.ts';
import { stateMachine } from '../../lambdas/runtime/state-machine.ts';
import type { SimulatedConsumer } from './simulation.ts';

/** Builds the payment consumer of a simulation, on a gateway and records whose calls the simulation intercepts. */
export const simulatedPayment =
  (gateway: PaymentGateway, records: RecordStore<Payment>, now: () => Date): SimulatedConsumer =>
  (intercept, dependencies) =>
    consumer(
      'payment',
      consumes,
      stateMachine<Payment, PaymentInput, PaymentEffect, PaymentEffectResult>(
        {
          decide: (payment, input) => nextPayment(payment, input, now()),
          runEffect: (effect, fence) => runPaymentEffect(intercept(gateway), effect, fence),
          isFirstEvent: ({ type }) => type === 'shop.order.placed.v1',
        },
        intercept(records),
      ),
      dependencies,
    );
