import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { callLimits } from '../runtime/call-limits.ts';
import { chunk } from '../runtime/chunk.ts';
import { MAX_BATCH_ENTRIES } from '../runtime/message-size.ts';
import { type ParkedLetter, sendParameters, toReturningMessage } from './parked-letter.ts';

/** A message that was received from the parking queue, which nobody else sees for as long as a run of the sweep can last. */
export type HeldMessage = { messageId: string; receiptHandle: string; sentAt: Date; body: string };

// As long as the function may run.
const VISIBILITY_SECONDS = 120;

/** Connects to the parking queue. */
export function parkingQueue(QueueUrl: string, client: Pick<SQSClient, 'send'> = new SQSClient(callLimits())) {
  return {
    /** Receives up to ten messages; waits a moment if there are none. */
    async receive(): Promise<HeldMessage[]> {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: MAX_BATCH_ENTRIES,
          VisibilityTimeout: VISIBILITY_SECONDS,
          // Asks all of SQS's servers: without a wait a response may be empty though there are messages.
          WaitTimeSeconds: 1,
          MessageSystemAttributeNames: ['SentTimestamp'],
        }),
      );
      return Messages.map(({ MessageId = '', ReceiptHandle = '', Body = '', Attributes = {} }) => ({
        messageId: MessageId,
        receiptHandle: ReceiptHandle,
        sentAt: new Date(Number(Attributes.SentTimestamp)),
        body: Body,
      }));
    },

    /** Sends a message's body again; returns the id of the new message. */
    async resend(body: string): Promise<string> {
      const { MessageId = '' } = await client.send(new SendMessageCommand({ QueueUrl, MessageBody: body }));
      return MessageId;
    },

    /** Sends a letter to the dead-letter queue that it came from. */
    async sendBack(letter: ParkedLetter): Promise<void> {
      const { id, deadLetterQueueUrl: queueUrl } = letter;
      const message = sendParameters(toReturningMessage(letter), { id, queueUrl });
      await client.send(new SendMessageCommand({ QueueUrl: queueUrl, ...message }));
    },

    async remove({ receiptHandle }: HeldMessage): Promise<void> {
      await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: receiptHandle }));
    },

    /** Makes messages visible again at once. */
    async release(messages: readonly HeldMessage[]): Promise<void> {
      for (const batch of chunk(messages, MAX_BATCH_ENTRIES)) {
        await client.send(
          new ChangeMessageVisibilityBatchCommand({
            QueueUrl,
            Entries: batch.map(({ receiptHandle }, index) => ({
              Id: String(index),
              ReceiptHandle: receiptHandle,
              VisibilityTimeout: 0,
            })),
          }),
        );
      }
    },
  };
}

export type ParkingQueue = ReturnType<typeof parkingQueue>;
