import type { TableUse } from './route.ts';
import type { Settings } from './settings.ts';

type GatewaySettings = Pick<Settings, 'name' | 'paymentGateway' | 'stripeSecret'>;

/** Chooses the file in `lambdas/payment/` that charges through the gateway, so that no other gateway's code is deployed. */
export const gatewayEntry = ({ paymentGateway }: GatewaySettings): string =>
  paymentGateway === 'sandbox' ? 'handler' : `${paymentGateway}-handler`;

/** The sandbox keeps its record of authorizations, captures, voids and refunds in a table. */
export const gatewayTables = ({ paymentGateway }: GatewaySettings): Record<string, TableUse> =>
  paymentGateway !== 'sandbox'
    ? {}
    : {
        SANDBOX_GATEWAY_TABLE_NAME: {
          id: 'SandboxGatewayTable',
          key: 'orderId',
          sortKey: 'entry',
          output: 'SandboxGatewayTableName',
          actions: ['GetItem', 'PutItem', 'UpdateItem', 'Query'],
        },
      };

/** A provider's key is in a secret. */
export const gatewaySecrets = ({ stripeSecret }: GatewaySettings): Record<string, string> =>
  stripeSecret === undefined ? {} : { STRIPE_SECRET_ID: stripeSecret };

/** Shops that share a provider's account tell their orders apart by the shop's name. */
export const gatewayEnvironment = ({ paymentGateway, name }: GatewaySettings): Record<string, string> =>
  paymentGateway === 'sandbox' ? {} : { SHOP_NAME: name };
