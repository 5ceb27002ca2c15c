import type { CloudEvent, EventContract } from '../../contracts/cloud-event.ts';
import { orderPlaced } from '../../contracts/order.ts';
import { type ConsumerDependencies, consumer, onBus } from '../runtime/consume.ts';
import type { CustomerHash } from '../runtime/customer-hash.ts';
import { requireEnv } from '../runtime/environment.ts';
import { channelPublisher, lifecyclePublisher } from '../runtime/publish.ts';
import { dynamoRecordStore } from '../runtime/records.ts';
import { stateMachine } from '../runtime/state-machine.ts';
import type { OrderInput, ValidatedEvent } from './input.ts';
import type { Order } from './record.ts';
import { nextOrder } from './rules.ts';
import { ignoringValidated } from './validated.ts';

type ContractOf<E> = E extends CloudEvent<infer Type, infer Data> ? EventContract<Type, Data> : never;

/**
 * Builds the Lambda handler of a consumer that maintains orders. The `order` and `outcomes` consumers share the table and the rules but
 * have separate queues: the queue proves where a message came from, and a publisher of orders cannot forge that. `order` alone tells
 * publishers what it refuses and forwards what arrives wrapped; `outcomes` takes the replays of both.
 */
export function orderConsumer(
  name: string,
  contracts: readonly ContractOf<OrderInput | ValidatedEvent>[],
  {
    customerHash,
    ...options
  }: Pick<ConsumerDependencies, 'refusalOf' | 'forward'> & {
    customerHash: CustomerHash;
    replays: readonly ContractOf<OrderInput | ValidatedEvent>[];
  },
) {
  const handlerOf = stateMachine<Order, OrderInput, never, never>(
    {
      decide: (order, delivery) => nextOrder(order, delivery, new Date(), customerHash),
      isFirstEvent: ({ type }) => type === orderPlaced.type,
      outbox: 'published',
    },
    dynamoRecordStore<Order>(requireEnv('TABLE_NAME')),
  );
  const { queue, publish } = onBus(name);
  return consumer(name, contracts, (publishEvents) => ignoringValidated(handlerOf(publishEvents)), {
    queue,
    publish: channelPublisher(lifecyclePublisher(requireEnv('LIFECYCLE_TOPIC_ARN')), publish),
    ...options,
  });
}
