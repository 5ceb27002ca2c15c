/** The index of orders that the sweep has to look at, in the orders table: partition key `open`, sort key `openSince`. */
export const openOrdersIndex = 'open-orders';

// The index is sharded, so that no partition takes every order's writes. A number that shrinks hides the orders of the last shards.
const SHARDS = 8;

const shards = (state: OpenState) => Array.from({ length: SHARDS }, (_, shard) => `${state}-${shard}`);

/**
 * Why the sweep looks at an order. Undecided: `open`: its customer may be told of a delay; `reminded`: the customer was told, or is not to be,
 * because the order waits for the customer's own payment or has not come itself; `until`: it waits for a payment until a moment of its own.
 * `decided`: it was decided at `openSince`, and the others may not have heard of it. `due`: it owes something, and is looked at from `openSince` on.
 */
export type OpenState = 'open' | 'reminded' | 'until' | 'decided' | 'due';

/** The shards of undecided orders whose customers may be told of a delay. */
export const unremindedShards = shards('open');

/** The shards of undecided orders whose customers were told of a delay, or are not to be, until no moment of their own. */
export const remindedShards = shards('reminded');

/** The shards of orders that are due `orderDeadlineHours` after `openSince`. */
export const deadlineShards = [...unremindedShards, ...remindedShards];

/** The shards of orders that are due at `openSince`, which is the `until` of their awaited payment. */
export const untilShards = shards('until');

/** All shards of undecided orders but those that were just learnt from a replay. */
export const openShards = [...deadlineShards, ...untilShards];

/** The shards of decided orders, by the moment of the decision. */
export const decidedShards = shards('decided');

/** The shards of orders that owe something. */
export const dueShards = shards('due');

/** Tells whether an order's shard is one of those whose customers may be told of a delay. */
export const isRemindable = (shard: string | undefined): boolean =>
  shard !== undefined && unremindedShards.includes(shard);

/** Tells whether an order's shard is one of those that owe something. */
export const isDue = (shard: string | undefined): boolean => shard !== undefined && dueShards.includes(shard);

/** Returns the shard of an order, the same for every event of the order. */
export function openShard(state: OpenState, orderId: string): string {
  const sum = Array.from(orderId).reduce((hash, character) => (hash * 31 + character.charCodeAt(0)) % 1_000_003, 7);
  return `${state}-${sum % SHARDS}`;
}

/** Returns the attributes by which the sweep finds an order. */
export const openAttributes = (state: OpenState, orderId: string, since: Date) => ({
  open: openShard(state, orderId),
  openSince: since.toISOString(),
});
