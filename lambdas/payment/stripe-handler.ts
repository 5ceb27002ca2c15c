import { requireEnv } from '../runtime/environment.ts';
import { lambdaHandler } from '../runtime/lambda-handler.ts';
import { paymentConsumer } from './payment-consumer.ts';
import { secretReader } from './secret-reader.ts';
import { stripeCaller } from './stripe-caller.ts';
import { stripeGateway } from './stripe-gateway.ts';

/** The payment consumer with Stripe (`-c paymentGateway=stripe`). */
export const handler = lambdaHandler('payment', () =>
  paymentConsumer(stripeGateway(stripeCaller(secretReader(requireEnv('STRIPE_SECRET_ID'))), requireEnv('SHOP_NAME'))),
);
