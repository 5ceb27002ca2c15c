import type { CloudEvent } from '../../contracts/cloud-event.ts';
import { goodsOf, type OrderPlaced, orderPlaced } from '../../contracts/order.ts';

/** Pieces for sale: enough, or none. */
export const STOCKED = 10;
export const EMPTY = 0;

/** Pieces that other orders hold: a table of reservations that was put back makes the shelves' numbers drift, and never refuses a write. */
export const OF_OTHERS = 5;

/** Returns the shelves of everything that the events order. */
export const shelvesFor = (events: readonly CloudEvent[], available: number) =>
  Object.fromEntries(
    events
      .filter((event): event is OrderPlaced => event.type === orderPlaced.type)
      .flatMap(({ data }) => goodsOf(data.items))
      .map(({ sku }) => [sku, { available, reserved: OF_OTHERS, sold: OF_OTHERS }]),
  );
