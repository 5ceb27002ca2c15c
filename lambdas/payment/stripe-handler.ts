import { setting } from '../runtime/settings.ts';
import { paymentConsumer } from './payment-consumer.ts';
import { secretText } from './secret-text.ts';
import { stripeCalls } from './stripe-calls.ts';
import { stripeGateway } from './stripe-gateway.ts';

/** The consumer with Stripe (`-c paymentGateway=stripe`). */
export const handler = paymentConsumer(
  stripeGateway(stripeCalls(secretText(setting('STRIPE_SECRET_ID'))), setting('SHOP_NAME')),
);
