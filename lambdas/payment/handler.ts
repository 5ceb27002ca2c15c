import { orderPlaced } from '../../contracts/order.ts';
import { transitionLog } from '../runtime/breaker-log.ts';
import { circuitBreaker } from '../runtime/circuit-breaker.ts';
import { consumer } from '../runtime/consume.ts';
import { tableRecords } from '../runtime/records.ts';
import { setting } from '../runtime/settings.ts';
import { stateMachine } from '../runtime/state-machine.ts';
import { consumes } from './consumes.ts';
import {
  nextPayment,
  type Payment,
  type PaymentAction,
  type PaymentInput,
  type PaymentOutcome,
  performPayment,
} from './rules.ts';
import { sandboxGateway } from './sandbox-gateway.ts';

const breaker = circuitBreaker({ downstream: 'payment gateway', onTransition: transitionLog('payment') });
const gateway = sandboxGateway(setting('SANDBOX_GATEWAY_TABLE_NAME'));

export const handler = consumer(
  'payment',
  consumes,
  stateMachine<Payment, PaymentInput, PaymentAction, PaymentOutcome>(
    {
      next: (payment, input) => nextPayment(payment, input, new Date()),
      perform: (action) => breaker(() => performPayment(gateway, action)),
      usuallyFirst: ({ type }) => type === orderPlaced.type,
    },
    tableRecords(setting('TABLE_NAME')),
  ),
);
