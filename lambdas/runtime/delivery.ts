import type { CloudEvent } from '../../contracts/cloud-event.ts';
import type { Fence } from './fence.ts';
import type { InvocationCache } from './record-cache.ts';

/** An event about one order. */
export type OrderEvent<
  Type extends string = string,
  Data extends { orderId: string } = { orderId: string },
> = CloudEvent<Type, Data>;

/** An event about an order or a receipt of goods. */
export type SubjectEvent = CloudEvent<string, { orderId: string } | { receiptId: string }>;

/** Returns the key under which a consumer records what an event is about: an order's id, or a receipt's, which no order's id equals. */
export const recordKeyOf = ({ data }: SubjectEvent): string =>
  'orderId' in data ? data.orderId : receiptKey(data.receiptId);

/** Returns the key of a receipt's record. An order's id has no space. */
export const receiptKey = (receiptId: string): string => `receipt ${receiptId}`;

/** Names what an event is about, for a sentence: `order o-1001`, `receipt r-7`. */
export const describeSubject = ({ data }: SubjectEvent): string =>
  'orderId' in data ? `order ${data.orderId}` : `receipt ${data.receiptId}`;

/** One delivery of one event: the message that carried it, and which attempt this is (1 for the first). */
export type Delivery<E extends CloudEvent = CloudEvent> = {
  event: E;
  messageId: string;
  attempt: number;
  /** The event's own time, or when it was sent where the publisher gave none. */
  time: string;
  /** It is replayed and completes its consumer's own record at most: no effect, no event. */
  withoutEffects?: true;
};

/** How the handling of one delivery ended. */
export type HandlerResult = {
  /** The events that it published and that were accepted. */
  published: readonly CloudEvent[];
  /** They had been published before, according to the record. */
  repeated?: true | undefined;
  /** Why it failed, or why not all of its events were accepted. */
  error?: { reason: unknown } | undefined;
};

/**
 * Handles deliveries of different orders together; returns one result per delivery, in the same order. All rounds of one
 * invocation share `cache`, so that what was read for one round need not be read for the next, and the `fence` of what cannot be undone.
 */
export type BatchHandler<E extends CloudEvent> = (
  deliveries: readonly Delivery<E>[],
  cache?: InvocationCache,
  fence?: Fence,
) => Promise<readonly HandlerResult[]>;
