import { type StockReceived, stockReceived } from '../../contracts/stock.ts';
import type { BatchHandler, Delivery } from '../runtime/delivery.ts';
import type { OrderInput } from './input.ts';

/**
 * Handles what is about an order. Receipts of goods reach the unfiltered queue of `order` too: there they are only validated, so that
 * a broken one is refused.
 */
export function ignoringReceipts(handle: BatchHandler<OrderInput>): BatchHandler<OrderInput | StockReceived> {
  const isAboutOrder = (delivery: Delivery<OrderInput | StockReceived>): delivery is Delivery<OrderInput> =>
    delivery.event.type !== stockReceived.type;
  return async (deliveries, cache, fence) => {
    const results = (await handle(deliveries.filter(isAboutOrder), cache, fence)).values();
    return deliveries.map((delivery) =>
      isAboutOrder(delivery)
        ? (results.next().value ?? { published: [], error: { reason: new Error('The handler gave no result') } })
        : { published: [] },
    );
  };
}
