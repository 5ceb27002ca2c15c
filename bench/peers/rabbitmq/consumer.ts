import type { Channel, ConsumeMessage } from 'amqplib';
import { requireEnv } from '../../../lambdas/runtime/environment.ts';
import { onCommand, reportDone } from '../../sections/rate/control.ts';
import type { ConsumerOptions, OrderEvent } from '../common/consumer-options.ts';
import { openConnection, send } from './connection.ts';
import { deadLettersOf, queueOf } from './topology.ts';

const PREFETCH = 10;

/**
 * Consumes a consumer's queue: up to ten messages side by side, each acknowledged once its events are confirmed. A message that
 * fails waits in the retry queue; an invalid one is a dead letter.
 */
export async function consumer({ name, schema, handle }: ConsumerOptions): Promise<void> {
  const shop = requireEnv('SHOP');
  const { connection } = await openConnection();
  const channel = await connection.createChannel();
  await channel.prefetch(PREFETCH);

  const onMessage = async (message: ConsumeMessage | null) => {
    if (message === null) return;
    const parsed = parse(message.content, schema);
    try {
      if (parsed === undefined) await send('', deadLettersOf(shop, name), message.content);
      else await handle(parsed);
    } catch {
      channel.nack(message, false, false);
      return;
    }
    channel.ack(message);
    reportDone(1);
  };
  await consumeUnlessPaused(channel, () => channel.consume(queueOf(shop, name), onMessage));
}

function parse(content: Buffer, schema: ConsumerOptions['schema']): OrderEvent | undefined {
  try {
    return schema.parse(JSON.parse(content.toString()));
  } catch {
    return undefined;
  }
}

/** Consumes, and pauses and resumes when the benchmark asks for it. */
async function consumeUnlessPaused(channel: Channel, begin: () => Promise<{ consumerTag: string }>): Promise<void> {
  let { consumerTag } = await begin();
  onCommand(async (command) => {
    if (command === 'pause') await channel.cancel(consumerTag);
    else ({ consumerTag } = await begin());
  });
}
