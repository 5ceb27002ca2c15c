import type { Channel } from 'amqplib';
import { routing } from '../../../infra/routing.ts';

const RETRY_MS = 5_000;

/** The exchange of a shop's events; queues are bound to event types. */
export const exchangeOf = (shop: string) => `${shop}.events`;

export const feedOf = (shop: string) => `${shop}.feed`;

export const queueOf = (shop: string, consumer: string) => `${shop}.${consumer}`;

/** The queue in which failed messages wait before the next attempt. */
export const retryQueueOf = (shop: string, consumer: string) => `${queueOf(shop, consumer)}.retry`;

export const deadLettersOf = (shop: string, consumer: string) => `${queueOf(shop, consumer)}.dead-letters`;

/**
 * Declares durable topic exchanges and, per consumer, three quorum queues: its own, bound to what the stack routes to it, one for
 * retries, and one for dead letters. Rejected messages move between queues at least once
 * (https://www.rabbitmq.com/docs/quorum-queues#activating-at-least-once-dead-lettering).
 */
export async function declareShop(
  channel: Channel,
  shop: string,
  consumers: readonly (keyof typeof routing)[],
): Promise<void> {
  await channel.assertExchange(exchangeOf(shop), 'topic', { durable: true });
  await channel.assertExchange(feedOf(shop), 'topic', { durable: true });
  for (const consumer of consumers) {
    const [own, retry] = [queueOf(shop, consumer), retryQueueOf(shop, consumer)];
    await channel.assertQueue(own, quorum(retry));
    await channel.assertQueue(retry, { ...quorum(own), messageTtl: RETRY_MS });
    await channel.assertQueue(deadLettersOf(shop, consumer), {
      durable: true,
      arguments: { 'x-queue-type': 'quorum' },
    });
    for (const { type } of routing[consumer].consumes) await channel.bindQueue(own, exchangeOf(shop), type);
  }
}

const quorum = (deadLetterRoutingKey: string) => ({
  durable: true,
  deadLetterExchange: '',
  deadLetterRoutingKey,
  arguments: { 'x-queue-type': 'quorum', 'x-dead-letter-strategy': 'at-least-once', 'x-overflow': 'reject-publish' },
});
