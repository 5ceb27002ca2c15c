import { beforeEach, describe, expect, test } from 'vitest';
import { type ParkedLetter, writeParkedLetter } from '../../../lambdas/sweep/parked-letter.ts';
import { lookAfterParked } from '../../../lambdas/sweep/parking.ts';
import type { HeldMessage, ParkingQueue } from '../../../lambdas/sweep/parking-queue.ts';
import { parkingActionFor } from '../../../lambdas/sweep/parking-rules.ts';
import { parkedLetter } from '../../builders/parked-letters.ts';
import { quietLog } from '../../builders/quiet-log.ts';

const log = quietLog();
beforeEach(() => log.lines.splice(0));

const NOW = new Date('2026-11-27T09:00:00.000Z');
const daysAgo = (days: number) => new Date(NOW.getTime() - days * 86_400_000);
const parkedFor = (days: number, parts: Partial<ParkedLetter> = {}) =>
  parkedLetter({ parkedAt: daysAgo(days).toISOString(), ...parts });

/** The parking queue in memory; what is received is hidden until it is released. */
class MemoryParking implements ParkingQueue {
  readonly sentBack: ParkedLetter[] = [];
  messages: HeldMessage[] = [];
  private readonly hidden = new Set<string>();
  private sent = 0;
  /** Throws for a call that is to fail. */
  fails: (call: string, what: string) => boolean = () => false;

  add(letter: ParkedLetter, sentDaysAgo: number): this {
    return this.addBody(writeParkedLetter(letter) ?? '', daysAgo(sentDaysAgo));
  }

  addBody(body: string, sentAt = NOW): this {
    this.sent += 1;
    const messageId = `message-${this.sent}`;
    this.messages.push({ messageId, receiptHandle: messageId, sentAt, body });
    return this;
  }

  /** How long ago what is left was sent, in days. */
  get ages(): number[] {
    return this.messages.map(({ sentAt }) => (NOW.getTime() - sentAt.getTime()) / 86_400_000);
  }

  get visible(): number {
    return this.messages.length - this.hidden.size;
  }

  async receive() {
    this.check('receive', '');
    const free = this.messages.filter(({ messageId }) => !this.hidden.has(messageId)).slice(0, 10);
    for (const { messageId } of free) this.hidden.add(messageId);
    return free;
  }

  async resend(body: string) {
    this.check('resend', body);
    this.addBody(body);
    return `message-${this.sent}`;
  }

  async sendBack(letter: ParkedLetter) {
    this.check('sendBack', letter.id);
    this.sentBack.push(letter);
  }

  async remove({ messageId }: HeldMessage) {
    this.check('remove', messageId);
    this.messages = this.messages.filter((message) => message.messageId !== messageId);
    this.hidden.delete(messageId);
  }

  async release(messages: readonly HeldMessage[]) {
    this.check('release', '');
    for (const { messageId } of messages) this.hidden.delete(messageId);
  }

  /** What a run that died leaves in flight comes back by itself. */
  timeOut(): void {
    this.hidden.clear();
  }

  private check(call: string, what: string): void {
    if (this.fails(call, what)) throw new Error(`${call} failed`);
  }
}

async function look(
  queue: ParkingQueue,
  { last, hasTime = () => true }: { last?: string; hasTime?: () => boolean } = {},
) {
  const failures: Error[] = [];
  const looked = await lookAfterParked({ queue, parkedDays: 90 }, { now: NOW, hasTime, failures }, last);
  return { looked, failures: failures.map(({ message }) => message) };
}

describe('What becomes of a parked letter', () => {
  test.each([
    ['parked today', 0, 0, 'keep'],
    ['sent a week ago', 7, 7, 'keep'],
    ['sent more than a week ago', 7.1, 7.1, 'renew'],
    ['renewed lately, and parked for long', 70, 1, 'keep'],
    ['parked for all but 14 of its 90 days', 76, 1, 'keep'],
    ['parked for longer than that', 76.1, 1, 'return'],
    ['parked for longer, and sent more than a week ago', 80, 8, 'return'],
  ])('%s', (_, parkedDaysAgo, sentDaysAgo, action) => {
    const { id, parkedAt } = parkedFor(parkedDaysAgo);
    const message = { messageId: 'm', sentAt: daysAgo(sentDaysAgo), letter: { id, parkedAt } };
    expect(parkingActionFor(message, { survivors: new Map(), parkedDays: 90, now: NOW })).toBe(action);
  });

  test('that another message holds too: this one goes, and the message that holds it stays', () => {
    const message = { messageId: 'm', sentAt: daysAgo(8), letter: { id: 'm-1', parkedAt: daysAgo(8).toISOString() } };
    const decide = (survivor: string | undefined) =>
      parkingActionFor(message, { survivors: new Map([['m-1', survivor]]), parkedDays: 90, now: NOW });
    expect(decide('another')).toBe('drop');
    expect(decide('m'), 'a queue may deliver a message twice').toBe('keep');
    expect(decide(undefined), 'it is back in its dead-letter queue').toBe('drop');
  });
});

describe('A look at the parking queue', () => {
  test('sends again what is older than a week, byte for byte, and releases the rest', async () => {
    const queue = new MemoryParking().add(parkedFor(10), 10).add(parkedFor(1, { id: 'm-2' }), 1);
    const before = queue.messages.map(({ body }) => body).sort();
    expect(await look(queue)).toEqual({ looked: NOW.toISOString(), failures: [] });
    expect(queue.ages).toEqual([1, 0]);
    expect(queue.messages.map(({ body }) => body).sort()).toEqual(before);
    expect(queue.visible).toBe(2);
  });

  test('puts back what has been parked for long enough, and says so', async () => {
    const queue = new MemoryParking().add(parkedFor(77), 3);
    await look(queue);
    expect(queue.sentBack).toEqual([parkedFor(77)]);
    expect(queue.messages).toEqual([]);
    expect(log.lines.join()).toContain('was parked for too long and is back in its queue');
  });

  test('is taken once a day', async () => {
    const queue = new MemoryParking().add(parkedFor(10), 10);
    const last = new Date(NOW.getTime() - 86_399_000).toISOString();
    expect(await look(queue, { last })).toEqual({ looked: last, failures: [] });
    expect(queue.ages).toEqual([10]);
    const yesterday = daysAgo(1).toISOString();
    expect((await look(queue, { last: yesterday })).looked).toBe(NOW.toISOString());
  });

  test('is taken again where there was no time for all', async () => {
    const queue = new MemoryParking();
    for (let index = 0; index < 15; index += 1) queue.add(parkedFor(10, { id: `m-${index}` }), 10);
    let rounds = 0;
    const once = () => {
      rounds += 1;
      return rounds === 1;
    };
    expect((await look(queue, { hasTime: once })).looked).toBeUndefined();
    expect(queue.ages.filter((age) => age === 0)).toHaveLength(10);
    expect((await look(queue)).looked).toBe(NOW.toISOString());
    expect(queue.ages).toEqual(Array(15).fill(0));
    expect(queue.visible).toBe(15);
  });

  test('that dies between sending and deleting loses nothing, and the next one leaves each letter once', async () => {
    const queue = new MemoryParking().add(parkedFor(10), 10).add(parkedFor(80, { id: 'm-2' }), 10);
    queue.fails = (call) => call === 'remove' || call === 'release';
    await look(queue);
    expect(queue.ages, 'the renewed one twice, and the one that went back').toEqual([10, 10, 0]);
    expect(queue.sentBack).toHaveLength(1);
    queue.timeOut();
    queue.fails = () => false;
    await look(queue);
    expect(queue.messages).toHaveLength(1);
    expect(queue.visible).toBe(1);
    await look(queue);
    expect(queue.ages).toEqual([0]);
  });

  test('leaves a letter that cannot be sent where it is, handles the others, and fails the run', async () => {
    const queue = new MemoryParking().add(parkedFor(80), 3).add(parkedFor(80, { id: 'm-2' }), 3);
    queue.fails = (call, what) => call === 'sendBack' && what === 'm-1';
    expect(await look(queue)).toEqual({ looked: undefined, failures: ['sendBack failed'] });
    expect(queue.sentBack.map(({ id }) => id)).toEqual(['m-2']);
    expect(queue.messages).toHaveLength(1);
    expect(log.lines.join()).toContain('parked letters could not be looked after');
  });

  test('counts the hours since the last one that got through all, once it is overdue', async () => {
    const queue = new MemoryParking().add(parkedFor(10), 10);
    const unattended = () => log.lines.flatMap((line) => JSON.parse(line).ParkedUnattendedHours ?? []);
    const noTime = { hasTime: () => false };
    await look(queue, { ...noTime, last: daysAgo(1.2).toISOString() });
    expect(unattended(), 'the next run makes it good').toEqual([]);
    await look(queue, { ...noTime, last: daysAgo(3).toISOString() });
    expect(unattended()).toEqual([72]);
    log.lines.splice(0);
    await look(queue, { last: daysAgo(3).toISOString() });
    expect(unattended(), 'it got through').toEqual([]);
  });

  test('that cannot receive fails the run, and is taken again with the next one', async () => {
    const queue = new MemoryParking();
    queue.fails = (call) => call === 'receive';
    expect(await look(queue)).toEqual({ looked: undefined, failures: ['receive failed'] });
  });

  test('leaves a message alone that is no parked letter, and says so', async () => {
    const queue = new MemoryParking().addBody('{"hello":1}', daysAgo(10));
    expect((await look(queue)).failures).toEqual([]);
    expect(queue.visible).toBe(1);
    expect(log.lines.join()).toContain('holds a message that is no parked letter');
  });
});
