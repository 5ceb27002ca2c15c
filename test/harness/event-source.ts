import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { chunk } from '../../lambdas/runtime/chunk.ts';
import type { Clock } from './clock.ts';
import type { FunctionInstance, InvocationResult } from './function-instance.ts';
import { failedMessageIds, sqsEvent } from './sqs-event.ts';

// SQS's limit is 12 hours: during a test, messages become visible only when the test's clock says so.
const MAX_VISIBILITY_SECONDS = 43_000;
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
const MESSAGES_PER_CALL = 10;

type InFlight = { body: string; receiptHandle: string; dueAt: number };

export type EventSourceSetup = {
  queueUrl: string;
  /** The queue's visibility timeout, in seconds: when a message that nobody postponed becomes visible again. */
  visibilityTimeout: number;
  instances: readonly FunctionInstance[];
  /** Messages per invocation. @default 10 */
  batchSize?: number;
  /** Receives and deletes; goes through the proxy. */
  client: SQSClient;
  /** Makes messages visible again; goes to the engine. */
  direct: SQSClient;
  clock: Clock;
};

/** Emulates Lambda's event source mapping between a queue and a function, step by step and on the test's clock. */
export class EventSource {
  /** The outcome of every invocation so far. */
  readonly invocations: InvocationResult[] = [];
  /** How many of the next invocations crash after the function has answered and before its messages are deleted. */
  crashBeforeDelete = 0;
  /** Messages per invocation. */
  batchSize: number;
  readonly queueUrl: string;
  private readonly setup: EventSourceSetup;
  private readonly inFlight = new Map<string, InFlight>();
  private readonly busy = new Set<FunctionInstance>();

  constructor(setup: EventSourceSetup) {
    this.setup = setup;
    this.queueUrl = setup.queueUrl;
    this.batchSize = setup.batchSize ?? MESSAGES_PER_CALL;
  }

  /** When the next message in flight becomes visible again; infinity if none is in flight. */
  get nextDue(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...[...this.inFlight.values()].map(({ dueAt }) => dueAt));
  }

  /** The number of messages in flight. */
  get waiting(): number {
    return this.inFlight.size;
  }

  /** Returns the body of a message in flight. */
  bodyOf(messageId: string): string | undefined {
    return this.inFlight.get(messageId)?.body;
  }

  /** Records that a function changed a message's visibility timeout. */
  postponed(receiptHandle: string, seconds: number): void {
    for (const message of this.inFlight.values()) {
      if (message.receiptHandle === receiptHandle) message.dueAt = this.setup.clock.now() + seconds * 1_000;
    }
  }

  /** Forgets all messages, invocations and the batch size, for a queue that was purged. */
  reset(): void {
    this.batchSize = this.setup.batchSize ?? MESSAGES_PER_CALL;
    this.inFlight.clear();
    this.invocations.length = 0;
    this.crashBeforeDelete = 0;
  }

  /** Makes the messages visible that are due. */
  async releaseDue(): Promise<void> {
    const now = this.setup.clock.now();
    const due = [...this.inFlight].filter(([, { dueAt }]) => dueAt <= now);
    for (const [messageId] of due) this.inFlight.delete(messageId);
    for (const group of chunk(due, MESSAGES_PER_CALL)) {
      const Entries = group.map(([, { receiptHandle }], index) => ({
        Id: `${index}`,
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: 0,
      }));
      await this.setup.direct.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: this.queueUrl, Entries }));
    }
  }

  /** Delivers batches to idle instances in parallel until no message is visible; returns the number of messages. */
  async drain(): Promise<number> {
    const running = new Set<Promise<void>>();
    let delivered = 0;
    for (;;) {
      const instance = this.setup.instances.find((one) => !this.busy.has(one));
      if (instance === undefined) {
        await Promise.race(running);
        continue;
      }
      const messages = await this.receive(this.batchSize);
      if (messages.length === 0) break;
      delivered += messages.length;
      const one: Promise<void> = this.deliver(messages, instance).finally(() => running.delete(one));
      running.add(one);
    }
    await Promise.all(running);
    return delivered;
  }

  /** Receives one batch and delivers it to the first instance. */
  async poll(maxMessages: number): Promise<void> {
    const [instance] = this.setup.instances;
    const messages = await this.receive(maxMessages);
    if (instance !== undefined && messages.length > 0) await this.deliver(messages, instance);
  }

  /** Receives a batch that no instance gets, as when Lambda dies: it returns after the visibility timeout. */
  async loseBatch(maxMessages: number): Promise<number> {
    return (await this.receive(maxMessages)).length;
  }

  /** Deletes the messages in flight that contain this text, as when somebody discards their dead letters; returns how many there were. */
  async discard(text: string): Promise<number> {
    const found = [...this.inFlight].filter(([, { body }]) => body.includes(text));
    for (const [messageId, { receiptHandle: ReceiptHandle }] of found) {
      this.inFlight.delete(messageId);
      await this.setup.direct.send(new DeleteMessageCommand({ QueueUrl: this.queueUrl, ReceiptHandle }));
    }
    return found.length;
  }

  private async receive(maxMessages: number): Promise<Message[]> {
    const received: Message[] = [];
    for (let isFull = true; isFull && received.length < maxMessages; ) {
      const MaxNumberOfMessages = Math.min(MESSAGES_PER_CALL, maxMessages - received.length);
      const { Messages = [] } = await this.setup.client.send(
        new ReceiveMessageCommand({
          QueueUrl: this.queueUrl,
          MaxNumberOfMessages,
          VisibilityTimeout: MAX_VISIBILITY_SECONDS,
          MessageSystemAttributeNames: ['All'],
          MessageAttributeNames: ['All'],
        }),
      );
      received.push(...Messages.map((message) => this.onTestTime(message)));
      isFull = Messages.length === MaxNumberOfMessages;
    }
    const dueAt = this.setup.clock.now() + this.setup.visibilityTimeout * 1_000;
    for (const { MessageId = '', ReceiptHandle = '', Body = '' } of received) {
      this.inFlight.set(MessageId, { body: Body, receiptHandle: ReceiptHandle, dueAt });
    }
    return received;
  }

  /** Converts the times of a message, by which its age is reckoned. */
  private onTestTime({ Attributes = {}, ...message }: Message): Message {
    const times = (['SentTimestamp', 'ApproximateFirstReceiveTimestamp'] as const).flatMap((name) =>
      Attributes[name] === undefined ? [] : [[name, String(this.setup.clock.fromReal(Number(Attributes[name])))]],
    );
    return { ...message, Attributes: { ...Attributes, ...Object.fromEntries(times) } };
  }

  private async deliver(messages: readonly Message[], instance: FunctionInstance): Promise<void> {
    this.busy.add(instance);
    const invoked = await instance.invoke(sqsEvent(messages), this.setup.clock.skippedMs).finally(() => {
      this.busy.delete(instance);
    });
    this.invocations.push(invoked);
    if (!('result' in invoked)) return;
    if (this.crashBeforeDelete > 0) {
      this.crashBeforeDelete -= 1;
      instance.crash();
      return;
    }
    const ids = messages.map(({ MessageId = '' }) => MessageId);
    const failed = failedMessageIds(invoked.result, ids);
    for (const group of chunk(
      messages.filter(({ MessageId = '' }) => !failed.has(MessageId)),
      MESSAGES_PER_CALL,
    )) {
      await this.delete(group);
    }
  }

  private async delete(messages: readonly Message[]): Promise<void> {
    const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: `${index}`, ReceiptHandle }));
    const answer = await this.setup.client
      .send(new DeleteMessageBatchCommand({ QueueUrl: this.queueUrl, Entries }))
      .catch(() => ({ Failed: Entries }));
    // A duplicate of a deleted message cannot be deleted again, and is not in flight either.
    const lost = new Set(
      (answer.Failed ?? []).flatMap((one) => ('Code' in one && one.Code === 'ReceiptHandleIsInvalid' ? [] : [one.Id])),
    );
    messages.forEach(({ MessageId = '' }, index) => {
      if (!lost.has(`${index}`)) this.inFlight.delete(MessageId);
    });
  }
}
