import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type ConsumerQueues, findQueues } from '../consumers.ts';
import type { DeployedShop } from '../stack.ts';
import type { OutgoingMessage } from './dead-letter.ts';
import { type Failures, failuresOf, type LetterReceiver, letterReceiver } from './letter-receiver.ts';

/** A consumer's dead-letter queue, and the one queue its dead letters failed in. Every call takes at most ten. */
export type DeadLetterQueue = LetterReceiver & {
  /** Sends to the consumer's own queue, where no other consumer sees it. `onAccepted` gets the id of each dead letter and of the message it became. */
  send(messages: readonly OutgoingMessage[], onAccepted?: (id: string, messageId: string) => void): Promise<Failures>;
};

/** Connects to the dead-letter queues of all consumers and partners, or of the one that is named. */
export function connectQueues(shop: DeployedShop, consumer?: string): DeadLetterQueue[] {
  const client = new SQSClient(shop.config);
  return findQueues(shop.outputs, consumer).map((queues) => sqsDeadLetterQueue(queues, client));
}

function sqsDeadLetterQueue(queues: ConsumerQueues, client: SQSClient): DeadLetterQueue {
  const { queueUrl } = queues;
  const receiver = letterReceiver(queues, client);
  return {
    ...receiver,

    async send(messages, onAccepted = () => {}) {
      const { Successful = [], Failed } = await client.send(
        new SendMessageBatchCommand({
          QueueUrl: queueUrl,
          Entries: messages.map(({ id, body, attributes, groupId, traceHeader }, index) => ({
            Id: String(index),
            MessageBody: body,
            MessageAttributes: { ...attributes },
            ...(groupId === undefined ? {} : { MessageGroupId: groupId }),
            // For five minutes SQS itself drops what is sent a second time.
            ...(receiver.fifo ? { MessageDeduplicationId: id } : {}),
            ...(traceHeader === undefined
              ? {}
              : { MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: traceHeader } } }),
          })),
        }),
      );
      for (const { Id, MessageId = '' } of Successful) onAccepted(messages[Number(Id)]?.id ?? '', MessageId);
      return failuresOf(messages, Failed);
    },
  };
}
