import { hash } from 'node:crypto';
import { orderCancelRequested, orderShipped } from '../../contracts/order.ts';
import { paymentRefunded } from '../../contracts/payment.ts';
import { stockReturned } from '../../contracts/stock.ts';
import type { OrderInput } from './input.ts';
import type { Order, TimelineEntry } from './record.ts';

/** Builds the entry of an event in its order's timeline. */
export function entryOf(event: OrderInput, time: string): TimelineEntry {
  const id = idOf(event);
  return { time, type: event.type, source: event.source, ...(id === undefined ? {} : { id }) };
}

/** Returns the index of an event's entry in the timeline, or -1. */
export function indexOfEntry({ timeline }: Order, event: OrderInput): number {
  const id = idOf(event);
  const index = timeline.findIndex((entry) => entry.type === event.type && entry.id === id);
  if (index !== -1 || event.type !== orderCancelRequested.type) return index;
  // Version 0.3.0 noted one request without its id: it may have been this one.
  return timeline.findIndex((entry) => entry.type === event.type && entry.id === undefined);
}

/** Returns what tells an event apart from others of its type, where an order may have several. */
function idOf(event: OrderInput): string | undefined {
  switch (event.type) {
    case orderCancelRequested.type:
    case orderShipped.type:
      return messageKey(event);
    case paymentRefunded.type:
    case stockReturned.type:
      return event.data.refundId;
    default:
      return undefined;
  }
}

// A record has 400 kB, and an order up to a hundred parcels.
const MAX_KEY_LENGTH = 256;

/** Identifies a message by its source and id; where they are very long, by their hash. */
function messageKey({ source, id }: OrderInput): string {
  const key = `${source} ${id}`;
  return key.length <= MAX_KEY_LENGTH ? key : hash('sha256', key);
}
