import { Stack } from 'aws-cdk-lib';
import { Grant } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import type { Consumer } from './consumer.ts';
import { type RecordTableProps, recordTable } from './record-table.ts';

/** Takes the chosen gateway and gives the file in `lambdas/payment/` that charges through it: no other gateway's code is deployed. */
export const paymentHandler = ({ paymentGateway }: Pick<Settings, 'paymentGateway'>): string =>
  paymentGateway === 'sandbox' ? 'handler' : `${paymentGateway}-handler`;

/** Gives the payment consumer what its gateway needs: a table for the sandbox, or the secret that holds the provider's key. */
export function connectPaymentGateway(
  scope: Construct,
  payment: Consumer,
  settings: Pick<Settings, 'stage' | 'paymentGateway' | 'stripeSecret'>,
  kept: Pick<RecordTableProps, 'removalPolicy' | 'encryption'>,
): void {
  const { paymentGateway, stripeSecret } = settings;
  if (paymentGateway === 'sandbox' || stripeSecret === undefined) {
    const table = recordTable(scope, 'SandboxGatewayTable', {
      key: 'orderId',
      sortKey: 'entry',
      ...kept,
      output: 'SandboxGatewayTableName',
    });
    payment.grantTable('SANDBOX_GATEWAY_TABLE_NAME', table, 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query');
    return;
  }
  const secret = stripeSecret.startsWith('arn:')
    ? Secret.fromSecretCompleteArn(scope, 'StripeSecret', stripeSecret)
    : Secret.fromSecretNameV2(scope, 'StripeSecret', stripeSecret);
  // Not `grantRead`, which would allow to describe it too. Of a name, AWS adds six characters to make the ARN.
  const resource = secret.secretFullArn ?? `${secret.secretArn}-??????`;
  Grant.addToPrincipal({
    grantee: payment.function,
    actions: ['secretsmanager:GetSecretValue'],
    resourceArns: [resource],
  });
  payment.function.addEnvironment('STRIPE_SECRET_ID', stripeSecret);
  // Shops that share a Stripe account must not take each other's orders for their own.
  payment.function.addEnvironment('SHOP_NAME', `${Stack.of(scope).stackName}-${settings.stage}`);
}
