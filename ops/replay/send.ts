import { createHash } from 'node:crypto';
import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { REPLAYED_ATTRIBUTE, WITH_EFFECTS_ATTRIBUTE } from '../../lambdas/runtime/delivery.ts';
import { sendInBatches } from '../orders/publish.ts';
import type { SelectedEvent } from './choose.ts';

/** Where to, under which name, and whether the consumer may do more than complete its own record. */
export type Destination = { queueUrl: string; name: string; withEffects: boolean };

/** Sends at most ten events to one queue, bodies unchanged and marked; throws a sentence when the queue refuses one. */
export async function sendReplayed(
  client: Pick<SQSClient, 'send'>,
  { queueUrl, name, withEffects }: Destination,
  events: readonly SelectedEvent[],
): Promise<void> {
  const text = (StringValue: string) => ({ DataType: 'String', StringValue });
  const MessageAttributes = {
    [REPLAYED_ATTRIBUTE]: text(name),
    ...(withEffects ? { [WITH_EFFECTS_ATTRIBUTE]: text('true') } : {}),
  };
  // As the lifecycle topic groups it; under the replay's name an event passes again that the queue has seen just now.
  const sequence = ({ id, orderId }: SelectedEvent) => ({
    MessageGroupId: orderId,
    MessageDeduplicationId: createHash('sha256').update(`${name} ${id}`).digest('hex'),
  });
  const queued = new Map(events.map((event) => [event.body, event]));
  const refused = await sendInBatches([...queued.keys()], async (bodies) => {
    const { Failed = [] } = await client.send(
      new SendMessageBatchCommand({
        QueueUrl: queueUrl,
        Entries: bodies.map((body, index) => {
          const event = queued.get(body);
          const group = event !== undefined && queueUrl.endsWith('.fifo') ? sequence(event) : {};
          return { Id: String(index), MessageBody: body, MessageAttributes, ...group };
        }),
      }),
    );
    return Failed.map(({ Id, Code = 'unknown', Message = '', SenderFault }) => ({
      index: Number(Id),
      code: Code,
      message: Message,
      retryable: SenderFault !== true,
    }));
  });
  const [first] = refused;
  if (first !== undefined) throw new Error(`The queue refused an event: ${first.code} ${first.message}`.trim());
}
