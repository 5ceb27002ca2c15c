import type { ReceivedMessage } from '../../ops/dlq/cause.ts';
import { type DeadLetter, type OutgoingMessage, toDeadLetter } from '../../ops/dlq/dead-letter.ts';
import type { Failures } from '../../ops/dlq/letter-receiver.ts';
import type { DeadLetterQueue } from '../../ops/dlq/queue.ts';

type Parts = Partial<Omit<ReceivedMessage, 'attributes'>> & { attributes?: Record<string, string> };

/** Builds a dead letter of the payment consumer, which could not parse it, from the parts a test cares about. */
export function deadLetter({ attributes = {}, ...parts }: Parts = {}): DeadLetter {
  const failure = {
    errorType: 'ContractError',
    errorMessage: 'data.total: is missing',
    consumer: 'payment',
    failedAt: '2026-11-21T09:00:00.000Z',
    attempts: '1',
  };
  return bareDeadLetter({ ...parts, attributes: { ...failure, ...attributes } });
}

/** Builds a dead letter with these attributes and no others. */
export function bareDeadLetter({ attributes = {}, ...parts }: Parts = {}): DeadLetter {
  return toDeadLetter({
    id: 'm-1',
    consumer: 'payment',
    body: '{"data":{"orderId":"o-1"}}',
    system: { SentTimestamp: '1000' },
    receiptHandle: 'receipt',
    ...parts,
    attributes: Object.fromEntries(
      Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
    ),
  });
}

type Slot = { deadLetter: DeadLetter; visibleAt: number; deleted: boolean };

/** An in-memory dead-letter queue that behaves as SQS does; time passes only when a test says so. */
export class FakeQueue implements DeadLetterQueue {
  readonly consumer: string;
  readonly fifo: boolean;
  /** Seconds. */
  time = 0;
  /** What was sent to the consumer's own queue, in order. */
  readonly sent: OutgoingMessage[] = [];
  /** The names of the calls that were made, in order. */
  readonly calls: string[] = [];
  /** Called before each call; what it throws, the call throws. */
  before: (call: string) => void = () => {};
  /** Ids for which sending fails. */
  rejectedIds = new Set<string>();
  private readonly slots: Slot[];
  private receipts = 0;

  constructor(deadLetters: readonly DeadLetter[], fifo = false) {
    this.consumer = deadLetters[0]?.consumer ?? 'payment';
    this.fifo = fifo;
    this.slots = deadLetters.map((deadLetter) => ({ deadLetter, visibleAt: 0, deleted: false }));
  }

  /** The ids of all that are still in the queue, in order. */
  get remainingIds(): string[] {
    return this.slots.filter(({ deleted }) => !deleted).map((slot) => slot.deadLetter.id);
  }

  /** The ids of those that are in flight. */
  get inFlightIds(): string[] {
    return this.slots.filter((slot) => this.isInFlight(slot)).map((slot) => slot.deadLetter.id);
  }

  add(deadLetter: DeadLetter): void {
    this.slots.push({ deadLetter, visibleAt: 0, deleted: false });
  }

  async depth() {
    const inFlight = this.inFlightIds.length;
    return { waiting: this.remainingIds.length - inFlight, inFlight };
  }

  async receive(maxMessages: number, seconds: number): Promise<DeadLetter[]> {
    this.call('receive');
    const blocked = new Set(this.slots.filter((slot) => this.isInFlight(slot)).map(groupIdOf));
    const received = this.slots
      .filter((slot) => !slot.deleted && !this.isInFlight(slot) && !(this.fifo && blocked.has(groupIdOf(slot))))
      .slice(0, maxMessages);
    return received.map((slot) => {
      this.receipts += 1;
      slot.deadLetter = { ...slot.deadLetter, receiptHandle: `receipt ${this.receipts}` };
      slot.visibleAt = this.time + seconds;
      return slot.deadLetter;
    });
  }

  async changeVisibility(deadLetters: readonly DeadLetter[], seconds: number): Promise<Failures> {
    this.call(seconds === 0 ? `release ${deadLetters.map(({ id }) => id).join(' ')}` : 'extend');
    for (const slot of this.slotsOf(deadLetters)) slot.visibleAt = this.time + seconds;
    return new Map();
  }

  async remove(deadLetters: readonly DeadLetter[]): Promise<Failures> {
    this.call('remove');
    for (const slot of this.slotsOf(deadLetters)) slot.deleted = true;
    return new Map();
  }

  async send(
    messages: readonly OutgoingMessage[],
    onAccepted: (id: string, messageId: string) => void = () => {},
  ): Promise<Failures> {
    this.call('send');
    const accepted = messages.filter(({ id }) => !this.rejectedIds.has(id));
    for (const { id } of accepted) onAccepted(id, `sent ${id}`);
    const known = new Set(this.fifo ? this.sent.map(({ id }) => id) : []);
    this.sent.push(...accepted.filter(({ id }) => !known.has(id)));
    return new Map(messages.filter(({ id }) => this.rejectedIds.has(id)).map(({ id }) => [id, 'InternalError']));
  }

  private call(name: string): void {
    this.before(name);
    this.calls.push(name);
  }

  private slotsOf(deadLetters: readonly DeadLetter[]): Slot[] {
    return deadLetters.flatMap(({ receiptHandle }) =>
      this.slots.filter((slot) => slot.deadLetter.receiptHandle === receiptHandle && !slot.deleted),
    );
  }

  private isInFlight({ visibleAt, deleted }: Slot): boolean {
    return !deleted && visibleAt > this.time;
  }
}

const groupIdOf = (slot: Slot) => slot.deadLetter.system.MessageGroupId;

/** Builds so many dead letters, spread over the message groups in turn. */
export const deadLetters = (count: number, groups?: readonly string[], parts: Parts = {}) =>
  Array.from({ length: count }, (_, index) => {
    const group = groups?.[index % groups.length];
    const system = { SentTimestamp: '1000', ...(group === undefined ? {} : { MessageGroupId: group }) };
    return deadLetter({ id: `m-${index}`, system, body: `{"data":{"orderId":"o-${index}"}}`, ...parts });
  });
