import { orderPlaced } from '../../contracts/order.ts';
import { consumer, queueFromEnvironment } from '../runtime/consume.ts';
import { busPublisher } from '../runtime/publish.ts';
import { tableRecords } from '../runtime/records.ts';
import { setting } from '../runtime/settings.ts';
import { stateMachine } from '../runtime/state-machine.ts';
import { consumes } from './consumes.ts';
import { lifecyclePublisher, splitPublisher } from './lifecycle.ts';
import { nextOrder, type Order, type OrderInput, publishedSteps } from './rules.ts';

const orders = tableRecords<Order>(setting('TABLE_NAME'));

export const handler = consumer(
  'order',
  consumes,
  stateMachine<Order, OrderInput, never, never>(
    {
      next: (order, delivery) => nextOrder(order, delivery, new Date()),
      usuallyFirst: ({ type }) => type === orderPlaced.type,
      publishingChangesRecord: true,
    },
    orders,
  ),
  {
    queue: queueFromEnvironment('order'),
    publish: splitPublisher(
      lifecyclePublisher(setting('LIFECYCLE_TOPIC_ARN')),
      busPublisher(setting('EVENT_BUS_NAME')),
    ),
    onPublished: (events) => orders.raise('published', publishedSteps(events)),
  },
);
