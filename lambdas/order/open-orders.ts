/** The index of undecided orders in the orders table: partition key `open`, sort key `openSince`. */
export const openOrdersIndex = 'open-orders';

// The index is sharded, so that no partition takes every order's writes. A number that shrinks hides the orders of the last shards.
const SHARDS = 8;

const shards = (state: State) => Array.from({ length: SHARDS }, (_, shard) => `${state}-${shard}`);

/** `open`: the customer was not told of a delay; `reminded`: the customer was. */
type State = 'open' | 'reminded';

/** The shards of undecided orders whose customers were not told of a delay. */
export const unremindedShards = shards('open');

/** All shards of the index. */
export const openShards = [...unremindedShards, ...shards('reminded')];

/** Returns the shard of an undecided order, the same for every event of the order. */
export function openShard(state: State, orderId: string): string {
  const sum = Array.from(orderId).reduce((hash, character) => (hash * 31 + character.charCodeAt(0)) % 1_000_003, 7);
  return `${state}-${sum % SHARDS}`;
}
