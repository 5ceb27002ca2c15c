import type { OrderInput } from '../../lambdas/order/input.ts';
import type { Order } from '../../lambdas/order/record.ts';
import { nextOrder } from '../../lambdas/order/rules.ts';
import { ignoringValidated } from '../../lambdas/order/validated.ts';
import type { CustomerHash } from '../../lambdas/runtime/customer-hash.ts';
import type { Publish } from '../../lambdas/runtime/publish.ts';
import type { RecordStore } from '../../lambdas/runtime/records.ts';
import { stateMachine } from '../../lambdas/runtime/state-machine.ts';

/** Builds the handler of the two consumers that maintain orders, on any records. */
export function orderHandler(records: RecordStore<Order>, now: () => Date, customerHash?: CustomerHash) {
  const handlerOf = stateMachine<Order, OrderInput, never, never>(
    {
      decide: (order, delivery) => nextOrder(order, delivery, now(), customerHash),
      isFirstEvent: ({ type }) => type === 'shop.order.placed.v1',
      outbox: 'published',
    },
    records,
  );
  return (publish: Publish) => ignoringValidated(handlerOf(publish));
}
