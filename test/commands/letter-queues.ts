import { hash } from 'node:crypto';

type Attributes = Record<string, { DataType: string; StringValue: string }>;
type Message = { id: string; body: string; attributes: Attributes; group?: string; visibleAt: number; receipt: string };
type Entry = { Id: string; MessageBody?: string; MessageGroupId?: string; MessageDeduplicationId?: string };
type Batch = Entry & { MessageAttributes?: Attributes; ReceiptHandle?: string; VisibilityTimeout?: number };
export type QueueRequest = {
  QueueUrl: string;
  MaxNumberOfMessages?: number;
  VisibilityTimeout?: number;
  Entries?: readonly Batch[];
};

const md5 = (text: string) => hash('md5', text);

/** The queues of SQS, as far as dead letters need them; its clock goes on only when a test says so. */
export class LetterQueues {
  private readonly queues = new Map<string, Message[]>();
  private readonly deduplicationIds = new Set<string>();
  private seconds = 0;
  private receipts = 0;
  private sent = 0;

  /** Adds so many messages, all of one group where one is named. */
  add(queue: string, count: number, consumer: string, group?: string, problem = 'a bug'): void {
    const text = (StringValue: string) => ({ DataType: 'String', StringValue });
    const reason = { errorType: text('TypeError'), errorMessage: text(problem), consumer: text(consumer) };
    const attributes = { ...reason, failedAt: text('2026-11-21T09:00:00.000Z') };
    for (let index = 0; index < count; index += 1) {
      const body = JSON.stringify({ data: { orderId: group ?? `o-${index}` }, index });
      const message = { id: `${queue}-${index}`, body, attributes, visibleAt: 0, receipt: '' };
      this.messages(queue).push(group === undefined ? message : { ...message, group });
    }
  }

  /** Adds a message with this body, and no attributes. */
  addBody(queue: string, body: string): void {
    this.send(this.messages(queue), { Id: '', MessageBody: body });
  }

  advance(seconds: number): void {
    this.seconds += seconds;
  }

  /** What is in a queue, in order. */
  bodies(queue: string): string[] {
    return this.messages(queue).map(({ body }) => body);
  }

  inFlight(queue: string): number {
    return this.messages(queue).filter(({ visibleAt }) => visibleAt > this.seconds).length;
  }

  /** Executes a call; `undefined` for one that it does not know. */
  execute(operation: string, { QueueUrl, Entries = [], ...request }: QueueRequest): object | undefined {
    const queue = QueueUrl.split('/').at(-1) ?? '';
    const messages = this.messages(queue);
    const byReceipt = ({ ReceiptHandle }: Batch) => messages.find(({ receipt }) => receipt === ReceiptHandle);
    switch (operation) {
      case 'GetQueueAttributes':
        return { Attributes: this.depth(queue) };
      case 'ReceiveMessage':
        return { Messages: this.receive(messages, request) };
      case 'ChangeMessageVisibilityBatch':
        for (const entry of Entries) {
          const message = byReceipt(entry);
          if (message !== undefined) message.visibleAt = this.seconds + (entry.VisibilityTimeout ?? 0);
        }
        return taken(Entries);
      case 'DeleteMessageBatch':
        for (const entry of Entries) {
          const index = messages.findIndex(({ receipt }) => receipt === entry.ReceiptHandle);
          if (index >= 0) messages.splice(index, 1);
        }
        return taken(Entries);
      case 'SendMessageBatch':
        for (const entry of Entries) this.send(messages, entry);
        return taken(Entries);
      default:
        return undefined;
    }
  }

  private messages(queue: string): Message[] {
    const found = this.queues.get(queue) ?? [];
    this.queues.set(queue, found);
    return found;
  }

  private depth(queue: string) {
    const inFlight = this.inFlight(queue);
    return {
      ApproximateNumberOfMessages: String(this.messages(queue).length - inFlight),
      ApproximateNumberOfMessagesNotVisible: String(inFlight),
      ApproximateNumberOfMessagesDelayed: '0',
    };
  }

  /** At most ten, and none of a message group of which some are in flight. */
  private receive(
    messages: readonly Message[],
    { MaxNumberOfMessages = 1, VisibilityTimeout = 30 }: Omit<QueueRequest, 'QueueUrl'>,
  ) {
    const isInFlight = ({ visibleAt }: Message) => visibleAt > this.seconds;
    const blocked = new Set(messages.filter(isInFlight).flatMap(({ group }) => group ?? []));
    const free = messages.filter((one) => !isInFlight(one) && !(one.group !== undefined && blocked.has(one.group)));
    return free.slice(0, MaxNumberOfMessages).map((message) => {
      this.receipts += 1;
      message.receipt = `receipt-${this.receipts}`;
      message.visibleAt = this.seconds + VisibilityTimeout;
      return {
        MessageId: message.id,
        Body: message.body,
        MD5OfBody: md5(message.body),
        ReceiptHandle: message.receipt,
        MessageAttributes: message.attributes,
        Attributes: {
          SentTimestamp: '1000',
          ...(message.group === undefined ? {} : { MessageGroupId: message.group }),
        },
      };
    });
  }

  private send(messages: Message[], entry: Batch): void {
    const {
      MessageBody: body = '',
      MessageAttributes: attributes = {},
      MessageGroupId,
      MessageDeduplicationId,
    } = entry;
    if (MessageDeduplicationId !== undefined) {
      if (this.deduplicationIds.has(MessageDeduplicationId)) return;
      this.deduplicationIds.add(MessageDeduplicationId);
    }
    const id = `sent-${this.sent}`;
    this.sent += 1;
    const group = MessageGroupId === undefined ? {} : { group: MessageGroupId };
    messages.push({ id, body, attributes, ...group, visibleAt: 0, receipt: '' });
  }
}

const taken = (entries: readonly Batch[]) => ({
  Successful: entries.map(({ Id, MessageBody }) => ({
    Id,
    MessageId: Id,
    ...(MessageBody === undefined ? {} : { MD5OfMessageBody: md5(MessageBody) }),
  })),
  Failed: [],
});

/** Whether bodies are in the sequence in which they were added. */
export function areInSequence(bodies: readonly string[]): boolean {
  const indexes = bodies.map((body): number => JSON.parse(body).index);
  return indexes.every((index, position) => position === 0 || (indexes[position - 1] ?? 0) < index);
}
