import { requireEnv } from '../runtime/environment.ts';
import { lambdaHandler } from '../runtime/lambda-handler.ts';
import { paymentConsumer } from './payment-consumer.ts';
import { sandboxGateway } from './sandbox-gateway.ts';

/** The payment consumer with the sandbox gateway, the default of `-c paymentGateway=…`. */
export const handler = lambdaHandler('payment', () =>
  paymentConsumer(sandboxGateway(requireEnv('SANDBOX_GATEWAY_TABLE_NAME'))),
);
