import type { Channel } from 'amqplib';
import { routing } from '../../../infra/routing.ts';

/** After so long a message that failed is tried again. */
export const RETRY_MS = 5_000;

/** The exchange that all events of a shop go through; who wants one binds a queue to its type. */
export const exchangeOf = (shop: string) => `${shop}.events`;

/** The exchange of every order's steps. */
export const feedOf = (shop: string) => `${shop}.feed`;

/** The queue of a consumer. */
export const queueOf = (shop: string, consumer: string) => `${shop}.${consumer}`;

/** Where a message waits before it is tried again. */
export const retryQueueOf = (shop: string, consumer: string) => `${queueOf(shop, consumer)}.retry`;

/** Where a message goes that nobody will ever understand. */
export const deadLettersOf = (shop: string, consumer: string) => `${queueOf(shop, consumer)}.dead-letters`;

/**
 * Takes a channel, a shop's name and its consumers and declares a durable topic exchange and, per consumer, three quorum queues: its own,
 * bound to what the stack routes to it; one whose messages go back after a wait; and one for dead letters. What is rejected moves
 * from queue to queue at least once (https://www.rabbitmq.com/docs/quorum-queues#activating-at-least-once-dead-lettering).
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
