import { placedFromShopify, type ShopifyOrder, type ShopifyTransaction } from '../../examples/platforms/shopify.ts';
import { jsonOf, mapped, type Scheme, textOf } from './scheme.ts';
import { checkSignature, requireHeader } from './signature.ts';

const CREATED = 'orders/create';

/** What an order is in after its money went back, or was never taken. */
const UNDONE = ['voided', 'refunded'];

/**
 * Shopify's webhooks (https://shopify.dev/docs/apps/build/webhooks/verify-deliveries). Only the body is signed, without a time, so that no
 * header is trusted: a repeated body is the same order, and changes nothing.
 */
export const shopify: Scheme = {
  check(request, secrets) {
    const given = [requireHeader(request, 'x-shopify-hmac-sha256')];
    checkSignature({ given, keys: secrets, content: [request.body], encoding: 'base64' });
  },

  async read(request) {
    const { 'x-shopify-topic': topic } = request.headers;
    // Not signed, so a request without it is not taken for less than an order: the mapping finds out what it lacks.
    if (topic !== undefined && topic !== CREATED) return { ignored: `only ${CREATED} becomes an order` };
    const order = jsonOf(request);
    const status = String(order.financial_status);
    if (UNDONE.includes(status)) return { ignored: `the order is ${status}` };
    // The edge where JSON comes in: the mapping reads what Shopify documents.
    return mapped('body', textOf(request), () => map(order as unknown as ShopifyOrder));
  },
};

const map = (order: ShopifyOrder) => placedFromShopify(order, transactionsOf(order));

const KINDS: Partial<Record<string, string>> = { paid: 'sale', authorized: 'authorization' };

/** Stands in for the transactions, which the webhook leaves out: what was paid is found in Shopify by the order's own id. */
function transactionsOf({
  financial_status,
  admin_graphql_api_id,
  total_price_set,
}: ShopifyOrder): ShopifyTransaction[] {
  const kind = KINDS[financial_status];
  const { amount } = total_price_set.presentment_money;
  return kind === undefined ? [] : [{ admin_graphql_api_id, kind, status: 'success', gateway: 'shopify', amount }];
}
