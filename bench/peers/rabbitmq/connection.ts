import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import { requireEnv } from '../../../lambdas/runtime/environment.ts';

let opening: Promise<{ connection: ChannelModel; confirming: ConfirmChannel }> | undefined;

/** Opens the process's one connection, and the channel that it publishes on. */
export function openConnection(url = requireEnv('RABBITMQ_URL')) {
  opening ??= connect(url).then(async (connection) => ({
    connection,
    confirming: await connection.createConfirmChannel(),
  }));
  return opening;
}

/** Publishes a persistent message and waits for the broker's confirmation. */
export async function send(exchange: string, routingKey: string, content: Buffer): Promise<void> {
  const { confirming } = await openConnection();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const options = { persistent: true, contentType: 'application/json' };
  confirming.publish(exchange, routingKey, content, options, (error) => (error ? reject(error) : resolve()));
  await promise;
}
