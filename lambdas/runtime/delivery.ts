import type { CloudEvent } from '../../contracts/cloud-event.ts';

/** An event about one order, as every event of the shop is. */
export type OrderEvent<
  Type extends string = string,
  Data extends { orderId: string } = { orderId: string },
> = CloudEvent<Type, Data>;

/** One delivery of one event: the message it came in, which attempt this is (1 for the first), and when it was published. */
export type Delivery<E extends CloudEvent = CloudEvent> = {
  event: E;
  messageId: string;
  attempt: number;
  /** The event's own time, or when the queue got it where the publisher gave none. */
  time: string;
  /** It is replayed, and nothing may come of it but the consumer's own record: no effect, no event. */
  withoutEffects?: true;
};

/** What a handler says of one delivery: the events to publish before its message is deleted, or why it failed. */
export type HandlerResult = { publish: readonly CloudEvent[]; repeated?: true } | { failure: unknown };

/**
 * Handles deliveries of different orders together; gives one result per delivery, in the same order. `batch` is the same
 * object for all waves of one invocation, so that what was read for one wave need not be read for the next.
 */
export type BatchHandler<E extends CloudEvent> = (
  deliveries: readonly Delivery<E>[],
  batch?: object,
) => Promise<readonly HandlerResult[]>;

/**
 * Takes deliveries and gives them in waves: within a wave every order occurs once, and an order's deliveries keep their
 * sequence from wave to wave. Usually there is one wave.
 */
export function waves<E extends OrderEvent>(deliveries: readonly Delivery<E>[]): Delivery<E>[][] {
  const result: Delivery<E>[][] = [];
  const seen = new Map<string, number>();
  for (const delivery of deliveries) {
    const wave = seen.get(delivery.event.data.orderId) ?? 0;
    seen.set(delivery.event.data.orderId, wave + 1);
    result[wave] ??= [];
    result[wave].push(delivery);
  }
  return result;
}
