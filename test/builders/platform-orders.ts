import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OrderPlaced } from '../../contracts/order.ts';
import { placedFromCafe24 } from '../../examples/platforms/cafe24.ts';
import { placedFromCommercetools } from '../../examples/platforms/commercetools.ts';
import { placedFromMagento } from '../../examples/platforms/magento.ts';
import { placedFromShopify } from '../../examples/platforms/shopify.ts';
import { placedFromCheckoutSession } from '../../examples/platforms/stripe-checkout.ts';
import { placedFromWooCommerce } from '../../examples/platforms/woocommerce.ts';

// The product 912 of the WooCommerce shop is an e-book.
const VIRTUAL_PRODUCTS = new Set([912]);

/** JSON that came in from outside. */
// biome-ignore lint/suspicious/noExplicitAny: the mappings say what they read of it
export type Json = any;

const mappings: Record<string, (order: Json) => OrderPlaced> = {
  cafe24: (order) => placedFromCafe24(order, 'ko_KR'),
  commercetools: placedFromCommercetools,
  magento: (order) => placedFromMagento(order, 'de_CH'),
  shopify: ({ order, transactions }) => placedFromShopify(order, transactions),
  'stripe-checkout': placedFromCheckoutSession,
  woocommerce: (order) => placedFromWooCommerce(order, VIRTUAL_PRODUCTS),
};

/** The platforms that have a mapping in `examples/platforms`. */
export const platforms = Object.keys(mappings);

const folder = join(import.meta.dirname, '..', '..', 'examples', 'platforms', 'orders');

/** An order in its platform's shape. `name` begins with the platform's. */
export type PlatformOrder = { name: string; platform: string; json: Json };

/** The orders in `examples/platforms/orders`. */
export const platformOrders: readonly PlatformOrder[] = readdirSync(folder).map((file) => {
  const name = file.replace('.json', '');
  const platform = platforms.find((candidate) => name.startsWith(candidate)) ?? '';
  return { name, platform, json: JSON.parse(readFileSync(join(folder, file), 'utf8')) };
});

/** Maps an order as its platform's example does. */
export function mapped({ platform, json }: Omit<PlatformOrder, 'name'>): OrderPlaced {
  const mapping = mappings[platform];
  if (mapping === undefined) throw new Error(`There is no mapping for ${platform}`);
  return mapping(json);
}
