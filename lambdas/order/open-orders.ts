/** The index of undecided orders in the orders table: partition key `open`, sort key `openSince`. */
export const openOrdersIndex = 'open-orders';

// The index is sharded, so that no partition takes every order's writes. A number that shrinks hides the orders of the last shards.
const SHARDS = 8;

const shards = (state: State) => Array.from({ length: SHARDS }, (_, shard) => `${state}-${shard}`);

/**
 * `open`: the order may be reminded of. `reminded`: it was, or waits for the customer's own payment, of which no reminder tells.
 * `until`: it waits for a payment until a moment of its own.
 */
type State = 'open' | 'reminded' | 'until';

/** The shards of undecided orders whose customers may be told of a delay. */
export const unremindedShards = shards('open');

/** The shards of orders whose customers were told of a delay, or are not to be: they have yet to pay, until no moment of their own. */
export const remindedShards = shards('reminded');

/** The shards of orders that are due `orderDeadlineHours` after `openSince`, the moment of their placement. */
export const deadlineShards = [...unremindedShards, ...remindedShards];

/** The shards of orders that are due at `openSince`, which is the `until` of their awaited payment. */
export const untilShards = shards('until');

/** All shards of the index. */
export const openShards = [...deadlineShards, ...untilShards];

/** Tells whether an order's shard is one of those whose customers may be told of a delay. */
export const isRemindable = (shard: string | undefined): boolean =>
  shard !== undefined && unremindedShards.includes(shard);

/** Returns the shard of an undecided order, the same for every event of the order. */
export function openShard(state: State, orderId: string): string {
  const sum = Array.from(orderId).reduce((hash, character) => (hash * 31 + character.charCodeAt(0)) % 1_000_003, 7);
  return `${state}-${sum % SHARDS}`;
}
