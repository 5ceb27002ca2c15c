import { createHmac } from 'node:crypto';

/**
 * Hashes a customer's id for one order, so that a record can tell another customer without knowing who it is. Two orders of one customer
 * have different hashes: tables and exports do not show that they belong together.
 */
export type CustomerHash = (orderId: string, customerId: string) => string;

// 128 bits (RFC 2104, section 5, allows half of the output), and enough of a key's own to tell it from the key before.
const HASH_BYTES = 16;
const FINGERPRINT_BYTES = 4;

/** Hashes customers with HMAC-SHA256 (RFC 2104) under a key; returns `<fingerprint of the key>:<hash>`. */
export function customerHasher(key: string): CustomerHash {
  // Never the text of a customer, which is an array.
  const fingerprint = digest(key, '"fingerprint"', FINGERPRINT_BYTES);
  return (orderId, customerId) => `${fingerprint}:${digest(key, JSON.stringify([orderId, customerId]), HASH_BYTES)}`;
}

/**
 * Builds a hash of customers' ids that is the same over all orders: the key under which something is kept per customer. It shows which orders
 * belong together, so no record has it that does not need it.
 */
export function customerKeyHasher(key: string): (customerId: string) => string {
  // An array of one, which the customer of an order never is.
  return (customerId) => digest(key, JSON.stringify([customerId]), HASH_BYTES);
}

const digest = (key: string, text: string, bytes: number): string =>
  createHmac('sha256', key).update(text).digest().subarray(0, bytes).toString('base64url');

/**
 * Returns the customer of a placed order as records keep it, as a member to spread; nothing where the order names none, as a guest's, or
 * where nobody hashes.
 */
export function customerOf(
  { orderId, customer }: { orderId: string; customer?: { id?: string | undefined } | undefined },
  hash: CustomerHash | undefined,
): { customer?: string } {
  const id = customer?.id ?? '';
  return id === '' || hash === undefined ? {} : { customer: hash(orderId, id) };
}

/** Tells whether two hashes are of different customers. Unknown, and then false, where one is absent or the key has changed meanwhile. */
export const isOtherCustomer = (one: string | undefined, other: string | undefined): boolean =>
  one !== undefined && other !== undefined && one !== other && fingerprintOf(one) === fingerprintOf(other);

const fingerprintOf = (hash: string): string => hash.slice(0, hash.indexOf(':'));
