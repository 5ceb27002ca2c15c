import type { CloudEvent, EventContract } from '../../contracts/cloud-event.ts';
import { orderPlaced } from '../../contracts/order.ts';
import { consumer, queueFromEnvironment } from '../runtime/consume.ts';
import { requireEnv } from '../runtime/environment.ts';
import { busPublisher } from '../runtime/publish.ts';
import { dynamoRecordStore } from '../runtime/records.ts';
import { stateMachine } from '../runtime/state-machine.ts';
import { lifecyclePublisher, splitPublisher } from './lifecycle.ts';
import { nextOrder, type Order, type OrderInput, publishedSteps } from './rules.ts';

type ContractOf<E> = E extends CloudEvent<infer Type, infer Data> ? EventContract<Type, Data> : never;

/**
 * Takes a consumer's name and what it understands and gives the function that keeps orders by that. Those of `order` and
 * `outcomes` share table and rules; which queue a message is in says where it came from, in which no publisher has a hand.
 */
export function orderConsumer(name: string, contracts: readonly ContractOf<OrderInput>[]) {
  const orders = dynamoRecordStore<Order>(requireEnv('TABLE_NAME'));
  return consumer(
    name,
    contracts,
    stateMachine<Order, OrderInput, never, never>(
      {
        decide: (order, delivery) => nextOrder(order, delivery, new Date()),
        isFirstEvent: ({ type }) => type === orderPlaced.type,
        usesOutbox: true,
      },
      orders,
    ),
    {
      queue: queueFromEnvironment(name),
      publish: splitPublisher(
        lifecyclePublisher(requireEnv('LIFECYCLE_TOPIC_ARN')),
        busPublisher(requireEnv('EVENT_BUS_NAME')),
      ),
      onPublished: (events) => orders.advanceTo('published', publishedSteps(events)),
    },
  );
}
