import type { Channel, ConsumeMessage } from 'amqplib';
import type { z } from 'zod';
import { requireEnv } from '../../../lambdas/runtime/environment.ts';
import { finished } from '../../sections/rate/gate.ts';
import { connected, sendBytes } from './connection.ts';
import { deadLettersOf, queueOf } from './topology.ts';

const PREFETCH = 10;

/**
 * Takes a consumer's name, its schema and what it does with one event, and consumes: up to ten messages side by side, each acknowledged
 * by hand once its events are confirmed; what fails waits in the retry queue; what nobody understands is a dead letter.
 */
export async function consume<Schema extends z.ZodType>(
  consumer: string,
  schema: Schema,
  handle: (event: z.infer<Schema>) => Promise<void>,
): Promise<void> {
  const shop = requireEnv('SHOP');
  const { connection } = await connected();
  const channel = await connection.createChannel();
  await channel.prefetch(PREFETCH);

  const onMessage = async (message: ConsumeMessage | null) => {
    if (message === null) return;
    const parsed = parse(message.content, schema);
    try {
      if (parsed === undefined) await sendBytes('', deadLettersOf(shop, consumer), message.content);
      else await handle(parsed);
    } catch {
      channel.nack(message, false, false);
      return;
    }
    channel.ack(message);
    finished(1);
  };
  await steered(channel, () => channel.consume(queueOf(shop, consumer), onMessage));
}

function parse<Schema extends z.ZodType>(content: Buffer, schema: Schema): z.infer<Schema> | undefined {
  try {
    return schema.parse(JSON.parse(content.toString()));
  } catch {
    return undefined;
  }
}

/** Consumes, but for when the benchmark says to pause. */
async function steered(channel: Channel, begin: () => Promise<{ consumerTag: string }>): Promise<void> {
  let { consumerTag } = await begin();
  process.on('message', async (wish) => {
    if (wish === 'pause') await channel.cancel(consumerTag);
    else ({ consumerTag } = await begin());
    process.send?.(wish === 'pause' ? { paused: true } : { ready: true });
  });
  process.once('disconnect', () => process.exit(0));
  process.send?.({ ready: true });
}
