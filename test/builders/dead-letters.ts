import { type Letter, letterOf, type Received } from '../../ops/dlq/letter.ts';
import type { DeadLetterQueue, Outgoing, Refusals } from '../../ops/dlq/queue.ts';

type Parts = Partial<Omit<Received, 'attributes'>> & { attributes?: Record<string, string> };

/** Takes the parts a test cares about and gives a letter that the payment consumer could not understand. */
export function letter({ attributes = {}, ...parts }: Parts = {}): Letter {
  const failure = {
    errorType: 'ContractError',
    errorMessage: 'data.total: is missing',
    consumer: 'payment',
    failedAt: '2026-11-21T09:00:00.000Z',
    attempts: '1',
  };
  return bareLetter({ ...parts, attributes: { ...failure, ...attributes } });
}

/** Gives a letter with these attributes and no others. */
export function bareLetter({ attributes = {}, ...parts }: Parts = {}): Letter {
  return letterOf({
    id: 'm-1',
    consumer: 'payment',
    body: '{"data":{"orderId":"o-1"}}',
    system: { SentTimestamp: '1000' },
    receipt: 'receipt',
    ...parts,
    attributes: Object.fromEntries(
      Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
    ),
  });
}

type Slot = { letter: Letter; visibleAt: number; deleted: boolean };

/** A dead-letter queue as SQS behaves, in memory; time passes only when a test says so. */
export class FakeQueue implements DeadLetterQueue {
  readonly consumer: string;
  readonly fifo: boolean;
  /** Seconds. */
  time = 0;
  /** What the consumer's own queue has taken, in sequence. */
  readonly sent: Outgoing[] = [];
  /** How many calls were made, by name. */
  readonly calls: string[] = [];
  /** Called before each call; what it throws, the call throws. */
  before: (call: string) => void = () => {};
  /** Ids that sending refuses. */
  refuses = new Set<string>();
  private readonly slots: Slot[];
  private receipts = 0;

  constructor(letters: readonly Letter[], fifo = false) {
    this.consumer = letters[0]?.consumer ?? 'payment';
    this.fifo = fifo;
    this.slots = letters.map((one) => ({ letter: one, visibleAt: 0, deleted: false }));
  }

  /** The ids of all letters that are still there, in sequence. */
  get left(): string[] {
    return this.slots.filter(({ deleted }) => !deleted).map((slot) => slot.letter.id);
  }

  /** The ids of those that nobody can see right now. */
  get unseen(): string[] {
    return this.slots.filter((slot) => this.held(slot)).map((slot) => slot.letter.id);
  }

  add(one: Letter): void {
    this.slots.push({ letter: one, visibleAt: 0, deleted: false });
  }

  async depth() {
    const held = this.unseen.length;
    return { waiting: this.left.length - held, held };
  }

  async receive(most: number, seconds: number): Promise<Letter[]> {
    this.call('receive');
    const blocked = new Set(this.slots.filter((slot) => this.held(slot)).map(groupOfSlot));
    const got = this.slots
      .filter((slot) => !slot.deleted && !this.held(slot) && !(this.fifo && blocked.has(groupOfSlot(slot))))
      .slice(0, most);
    return got.map((slot) => {
      this.receipts += 1;
      slot.letter = { ...slot.letter, receipt: `receipt ${this.receipts}` };
      slot.visibleAt = this.time + seconds;
      return slot.letter;
    });
  }

  async hold(letters: readonly Letter[], seconds: number): Promise<Refusals> {
    this.call(seconds === 0 ? `give back ${letters.map(({ id }) => id).join(' ')}` : 'hold');
    for (const slot of this.by(letters)) slot.visibleAt = this.time + seconds;
    return new Map();
  }

  async remove(letters: readonly Letter[]): Promise<Refusals> {
    this.call('remove');
    for (const slot of this.by(letters)) slot.deleted = true;
    return new Map();
  }

  async send(messages: readonly Outgoing[]): Promise<Refusals> {
    this.call('send');
    const taken = messages.filter(({ id }) => !this.refuses.has(id));
    const known = new Set(this.fifo ? this.sent.map(({ id }) => id) : []);
    this.sent.push(...taken.filter(({ id }) => !known.has(id)));
    return new Map(messages.filter(({ id }) => this.refuses.has(id)).map(({ id }) => [id, 'InternalError']));
  }

  private call(name: string): void {
    this.before(name);
    this.calls.push(name);
  }

  private by(letters: readonly Letter[]): Slot[] {
    return letters.flatMap((one) => this.slots.filter((slot) => slot.letter.receipt === one.receipt && !slot.deleted));
  }

  private held({ visibleAt, deleted }: Slot): boolean {
    return !deleted && visibleAt > this.time;
  }
}

const groupOfSlot = (slot: Slot) => slot.letter.system.MessageGroupId;

/** Gives so many letters; `groups` deals them out in turn. */
export const letters = (count: number, groups?: readonly string[], parts: Parts = {}) =>
  Array.from({ length: count }, (_, index) => {
    const group = groups?.[index % groups.length];
    const system = { SentTimestamp: '1000', ...(group === undefined ? {} : { MessageGroupId: group }) };
    return letter({ id: `m-${index}`, system, body: `{"data":{"orderId":"o-${index}"}}`, ...parts });
  });
