import { SNSClient } from '@aws-sdk/client-sns';
import { z } from 'zod';
import type { CloudEvent } from '../../../contracts/cloud-event.ts';
import { snsSms } from '../../../lambdas/notification/sms.ts';
import { textFor } from '../../../lambdas/notification/texts.ts';
import { requireEnv } from '../../../lambdas/runtime/environment.ts';
import { passedOn } from '../../sections/rate/bare.ts';
import type { Consumer } from '../../sections/rate/shop.ts';
import { send } from './connection.ts';
import { consume } from './consumer.ts';
import { publish } from './publish.ts';
import { feedOf } from './topology.ts';

const consumer = requireEnv('CONSUMER') as Consumer;
const feed = feedOf(requireEnv('SHOP'));
const text = snsSms({ maxPrice: '0.50' }, new SNSClient({ maxAttempts: 1 }));

// The floor of RabbitMQ: the same messages as in the whole job, and no business.
void consume(consumer, z.custom<CloudEvent<string, { orderId: string }>>(), async (event) => {
  const passed = passedOn(consumer, event);
  const { orderId } = passed;
  await Promise.all([
    ...passed.publish.map(publish),
    ...passed.steps.map((step) => send(feed, orderId, step)),
    ...(passed.text ? [text('+821012345678', textFor('order-confirmed', 'ko', orderId))] : []),
  ]);
});
