import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';
import type { Clock } from './clock.ts';
import { keptMessages } from './failure-list.ts';
import type { Instance, Invoked } from './instance.ts';

// Messages become visible again when the test's clock says so, never by themselves during a test.
const AS_GOOD_AS_EVER_SECONDS = 43_000;

type InFlight = { receiptHandle: string; dueAt: number };

export type EventSourceSetup = {
  queueUrl: string;
  /** What happens to a message that nobody postponed, in seconds: the queue's visibility timeout. */
  visibilityTimeout: number;
  instances: readonly Instance[];
  /** Receives and deletes; goes through the proxy. */
  client: SQSClient;
  /** Makes messages visible again; goes to the engine. */
  direct: SQSClient;
  clock: Clock;
};

/** Does what Lambda's event source mapping does between a queue and a function, step by step and on the test's time. */
export class EventSource {
  /** The outcome of every invocation so far. */
  readonly invocations: Invoked[] = [];
  /** The function answers, and its process dies before the messages are deleted: so many times from now on. */
  dieBeforeDelete = 0;
  readonly queueUrl: string;
  private readonly setup: EventSourceSetup;
  private readonly inFlight = new Map<string, InFlight>();
  private readonly busy = new Set<Instance>();

  constructor(setup: EventSourceSetup) {
    this.setup = setup;
    this.queueUrl = setup.queueUrl;
  }

  /** When the next message in flight becomes visible again; infinity where there is none. */
  get nextDue(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...[...this.inFlight.values()].map(({ dueAt }) => dueAt));
  }

  /** How many messages are received and neither deleted nor visible again. */
  get waiting(): number {
    return this.inFlight.size;
  }

  /** Notes for how long a function postponed a message. */
  postponed(receiptHandle: string, seconds: number): void {
    for (const message of this.inFlight.values()) {
      if (message.receiptHandle === receiptHandle) message.dueAt = this.setup.clock.now() + seconds * 1_000;
    }
  }

  /** Forgets everything about messages; for a queue that was purged. */
  forget(): void {
    this.inFlight.clear();
    this.invocations.length = 0;
    this.dieBeforeDelete = 0;
  }

  /** Makes those messages visible whose time has come. */
  async wake(): Promise<void> {
    const now = this.setup.clock.now();
    const due = [...this.inFlight].filter(([, { dueAt }]) => dueAt <= now);
    for (const [messageId] of due) this.inFlight.delete(messageId);
    for (let start = 0; start < due.length; start += 10) {
      const Entries = due.slice(start, start + 10).map(([, { receiptHandle }], index) => ({
        Id: `${index}`,
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: 0,
      }));
      await this.setup.direct.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: this.queueUrl, Entries }));
    }
  }

  /** Hands batches to free instances, side by side, until nothing is visible any more; gives how many messages there were. */
  async drain(): Promise<number> {
    const running = new Set<Promise<void>>();
    let handed = 0;
    for (;;) {
      const instance = this.setup.instances.find((one) => !this.busy.has(one));
      if (instance === undefined) {
        await Promise.race(running);
        continue;
      }
      const messages = await this.receive(10);
      if (messages.length === 0) break;
      handed += messages.length;
      const one: Promise<void> = this.hand(messages, instance).finally(() => running.delete(one));
      running.add(one);
    }
    await Promise.all(running);
    return handed;
  }

  /** Receives one batch of at most so many messages and hands it to the first instance. */
  async poll(most: number): Promise<void> {
    const [instance] = this.setup.instances;
    const messages = await this.receive(most);
    if (instance !== undefined && messages.length > 0) await this.hand(messages, instance);
  }

  /** Receives messages for an instance that dies with them: they come again after the visibility timeout. */
  async lose(most: number): Promise<number> {
    return (await this.receive(most)).length;
  }

  private async receive(most: number): Promise<Message[]> {
    const ask = new ReceiveMessageCommand({
      QueueUrl: this.queueUrl,
      MaxNumberOfMessages: most,
      VisibilityTimeout: AS_GOOD_AS_EVER_SECONDS,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    });
    const { Messages = [] } = await this.setup.client.send(ask);
    const dueAt = this.setup.clock.now() + this.setup.visibilityTimeout * 1_000;
    for (const { MessageId = '', ReceiptHandle = '' } of Messages) {
      this.inFlight.set(MessageId, { receiptHandle: ReceiptHandle, dueAt });
    }
    return Messages;
  }

  private async hand(messages: readonly Message[], instance: Instance): Promise<void> {
    this.busy.add(instance);
    const invoked = await instance.invoke(eventOf(messages), this.setup.clock.skippedMs).finally(() => {
      this.busy.delete(instance);
    });
    this.invocations.push(invoked);
    if (!('result' in invoked)) return;
    if (this.dieBeforeDelete > 0) {
      this.dieBeforeDelete -= 1;
      instance.crash();
      return;
    }
    const kept = keptMessages(
      invoked.result,
      messages.map(({ MessageId = '' }) => MessageId),
    );
    const done = messages.filter(({ MessageId = '' }) => !kept.has(MessageId));
    if (done.length === 0) return;
    const Entries = done.map(({ ReceiptHandle }, index) => ({ Id: `${index}`, ReceiptHandle }));
    const answer = await this.setup.client
      .send(new DeleteMessageBatchCommand({ QueueUrl: this.queueUrl, Entries }))
      .catch(() => ({ Failed: Entries }));
    // A copy of a message that is gone already cannot be deleted again, and is not in flight either.
    const lost = new Set(
      (answer.Failed ?? []).flatMap((one) => ('Code' in one && one.Code === 'ReceiptHandleIsInvalid' ? [] : [one.Id])),
    );
    done.forEach(({ MessageId = '' }, index) => {
      if (!lost.has(`${index}`)) this.inFlight.delete(MessageId);
    });
  }
}

/** Takes received messages and gives the event Lambda makes of them. */
export function eventOf(messages: readonly Message[]): SQSEvent {
  return {
    Records: messages.map(({ MessageId = '', ReceiptHandle = '', Body = '', Attributes = {}, MD5OfBody = '' }) => ({
      messageId: MessageId,
      receiptHandle: ReceiptHandle,
      body: Body,
      attributes: {
        ApproximateReceiveCount: Attributes.ApproximateReceiveCount ?? '1',
        SentTimestamp: Attributes.SentTimestamp ?? '',
        SenderId: Attributes.SenderId ?? '',
        ApproximateFirstReceiveTimestamp: Attributes.ApproximateFirstReceiveTimestamp ?? '',
        ...(Attributes.MessageGroupId === undefined ? {} : { MessageGroupId: Attributes.MessageGroupId }),
        ...(Attributes.MessageDeduplicationId === undefined
          ? {}
          : { MessageDeduplicationId: Attributes.MessageDeduplicationId }),
        ...(Attributes.SequenceNumber === undefined ? {} : { SequenceNumber: Attributes.SequenceNumber }),
      },
      messageAttributes: {},
      md5OfBody: MD5OfBody,
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:queue',
      awsRegion: 'us-east-1',
    })),
  };
}
