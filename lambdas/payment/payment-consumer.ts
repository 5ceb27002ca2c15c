import { orderPlaced } from '../../contracts/order.ts';
import { logBreakerTransitions } from '../runtime/breaker-log.ts';
import { circuitBreaker } from '../runtime/circuit-breaker.ts';
import { type ConsumerDependencies, consumer, onBus } from '../runtime/consume.ts';
import { customerHasher } from '../runtime/customer-hash.ts';
import { requireEnv } from '../runtime/environment.ts';
import { dynamoRecordStore, type RecordStore } from '../runtime/records.ts';
import { stateMachine } from '../runtime/state-machine.ts';
import { consumes } from './consumes.ts';
import { type PaymentEffect, type PaymentEffectResult, runPaymentEffect } from './effects.ts';
import type { PaymentGateway } from './gateway.ts';
import type { Payment } from './record.ts';
import { nextPayment, type PaymentInput } from './rules.ts';

/** Builds the Lambda handler that authorizes, captures, voids and refunds through a gateway, behind a circuit breaker. */
export function paymentConsumer(
  gateway: PaymentGateway,
  records: RecordStore<Payment> = dynamoRecordStore(requireEnv('TABLE_NAME')),
  dependencies: ConsumerDependencies = onBus('payment'),
) {
  const customerHash = customerHasher(requireEnv('CUSTOMER_HASH_KEY'));
  const breaker = circuitBreaker({ downstream: 'payment gateway', onTransition: logBreakerTransitions('payment') });
  return consumer(
    'payment',
    consumes,
    stateMachine<Payment, PaymentInput, PaymentEffect, PaymentEffectResult>(
      {
        decide: (payment, input) => nextPayment(payment, input, new Date(), customerHash),
        runEffect: (effect, fence) =>
          breaker(effect.orderId, fence, (ownFence) => runPaymentEffect(gateway, effect, ownFence)),
        isFirstEvent: ({ type }) => type === orderPlaced.type,
      },
      records,
    ),
    dependencies,
  );
}
