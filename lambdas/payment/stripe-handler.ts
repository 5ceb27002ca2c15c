import { requireEnv } from '../runtime/environment.ts';
import { paymentConsumer } from './payment-consumer.ts';
import { secretReader } from './secret-text.ts';
import { stripeCalls } from './stripe-calls.ts';
import { stripeGateway } from './stripe-gateway.ts';

/** The consumer with Stripe (`-c paymentGateway=stripe`). */
export const handler = paymentConsumer(
  stripeGateway(stripeCalls(secretReader(requireEnv('STRIPE_SECRET_ID'))), requireEnv('SHOP_NAME')),
);
