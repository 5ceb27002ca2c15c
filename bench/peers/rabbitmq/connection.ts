import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import type { CloudEvent } from '../../../contracts/cloud-event.ts';
import { requireEnv } from '../../../lambdas/runtime/environment.ts';

let connecting: Promise<{ connection: ChannelModel; confirming: ConfirmChannel }> | undefined;

/** The process's one connection, and the channel it publishes on. */
export function connected() {
  connecting ??= (async () => {
    const connection = await connect(requireEnv('RABBITMQ_URL'));
    return { connection, confirming: await connection.createConfirmChannel() };
  })();
  return connecting;
}

/** Publishes an event, persistent, under its type, and waits until the broker has it safely. */
export async function send(exchange: string, routingKey: string, event: CloudEvent): Promise<void> {
  await sendBytes(exchange, routingKey, Buffer.from(JSON.stringify(event)));
}

/** The same with what was received. */
export async function sendBytes(exchange: string, routingKey: string, content: Buffer): Promise<void> {
  const { confirming } = await connected();
  await new Promise<void>((taken, refused) => {
    confirming.publish(exchange, routingKey, content, { persistent: true, contentType: 'application/json' }, (error) =>
      error ? refused(error) : taken(),
    );
  });
}
