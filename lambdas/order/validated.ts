import type { BatchHandler, Delivery } from '../runtime/delivery.ts';
import { type OrderInput, type ValidatedEvent, validatedOnly } from './input.ts';

const validatedTypes = new Set<string>(validatedOnly.map(({ type }) => type));

/**
 * Handles what an order's record is built from. Receipts of goods and requests for a refund reach the unfiltered queue of `order` too: there
 * they are only validated, so that a broken one is refused.
 */
export function ignoringValidated(handle: BatchHandler<OrderInput>): BatchHandler<OrderInput | ValidatedEvent> {
  const isHandled = (delivery: Delivery<OrderInput | ValidatedEvent>): delivery is Delivery<OrderInput> =>
    !validatedTypes.has(delivery.event.type);
  return async (deliveries, cache, fence) => {
    const results = (await handle(deliveries.filter(isHandled), cache, fence)).values();
    return deliveries.map((delivery) =>
      isHandled(delivery)
        ? (results.next().value ?? { published: [], error: { reason: new Error('The handler gave no result') } })
        : { published: [] },
    );
  };
}
