import { requireEnv } from '../runtime/environment.ts';
import { lambdaHandler } from '../runtime/lambda-handler.ts';
import { secretReader } from '../runtime/secret-reader.ts';
import { paymentConsumer } from './payment-consumer.ts';
import { stripeCaller } from './stripe-caller.ts';
import { stripeGateway } from './stripe-gateway.ts';

/** The payment consumer with Stripe (`-c paymentGateway=stripe`). */
export const handler = lambdaHandler('payment', () => {
  const readKey = secretReader("The payment gateway's key", requireEnv('STRIPE_SECRET_ID'));
  return paymentConsumer(stripeGateway(stripeCaller(readKey), requireEnv('SHOP_NAME')));
});
