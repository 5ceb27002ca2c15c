import { orderPlaced } from '../../contracts/order.ts';
import { transitionLog } from '../runtime/breaker-log.ts';
import { circuitBreaker } from '../runtime/circuit-breaker.ts';
import { consumer, type Surroundings } from '../runtime/consume.ts';
import { type Records, tableRecords } from '../runtime/records.ts';
import { setting } from '../runtime/settings.ts';
import { stateMachine } from '../runtime/state-machine.ts';
import { consumes } from './consumes.ts';
import type { PaymentGateway } from './gateway.ts';
import {
  nextPayment,
  type Payment,
  type PaymentAction,
  type PaymentInput,
  type PaymentOutcome,
  performPayment,
} from './rules.ts';

/** Takes a gateway, and where its records are and what is around it, and gives the consumer that charges through it. */
export function paymentConsumer(
  gateway: PaymentGateway,
  records: Records<Payment> = tableRecords(setting('TABLE_NAME')),
  surroundings?: Surroundings,
) {
  const breaker = circuitBreaker({ downstream: 'payment gateway', onTransition: transitionLog('payment') });
  return consumer(
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
    surroundings,
  );
}
