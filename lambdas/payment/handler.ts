import { requireEnv } from '../runtime/environment.ts';
import { paymentConsumer } from './payment-consumer.ts';
import { sandboxGateway } from './sandbox-gateway.ts';

/** The consumer with the sandbox, which is deployed unless another gateway is chosen (`-c paymentGateway=…`). */
export const handler = paymentConsumer(sandboxGateway(requireEnv('SANDBOX_GATEWAY_TABLE_NAME')));
