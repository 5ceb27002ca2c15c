import { ulid } from 'ulid';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, onTestFinished, test } from 'vitest';
import { decided, eventually, placed, publish, setStock, testOrder } from '../deployed/deployed-shop.ts';
import type { readerPartners } from '../deployed/suite-settings.ts';
import { isOfflineError, readers } from '../deployed/toolchains.ts';
import { Partner } from './partner.ts';
import { RunningReader } from './running-reader.ts';

/** The queues of a reader's partners, and its running processes, which may be one. They are there once the tests run. */
export type Bench = {
  decisions: Partner;
  feed: Partner;
  reader: RunningReader;
  feedReader: RunningReader;
};

/** A reader under test. */
type Subject = {
  language: keyof typeof readers;
  partner: (typeof readerPartners)[number];
  /** Starts the reader for both queues. @default a process for each */
  start?: (command: readonly string[], queues: Pick<Bench, 'decisions' | 'feed'>) => Promise<RunningReader[]>;
  /** Tests that only this reader has. */
  more?: (bench: () => Bench) => void;
};

const SECONDS = 60;
const REPLAYED = { MessageAttributes: { replayed: { DataType: 'String', StringValue: 'r-1' } } };

/** Tests an example reader on the queues of its partners, or says why it cannot be tested here. */
export async function testReader({ language, partner, start = startForEach, more }: Subject): Promise<void> {
  const program = readers[language];
  const reason = await program.missing();
  if (reason !== undefined && process.env.CI) throw new Error(`The reader in ${language} must be tested: ${reason}`);
  if (reason !== undefined) console.warn(`\n!!! The reader in ${language} is NOT TESTED: ${reason}\n`);
  const title = `The reader in ${language}`;
  describe.skipIf(reason !== undefined)(reason === undefined ? title : `${title} (${reason})`, () => {
    let offlineReason = '';
    let started: Bench | undefined;
    const bench = () => {
      if (started === undefined) throw new Error('The reader was not started');
      return started;
    };
    beforeAll(async () => {
      if (inject('skip') !== '') return;
      const command = await program.command().catch((error: unknown) => {
        if (process.env.CI || !isOfflineError(error)) throw error;
        offlineReason = 'its packages cannot be fetched from here';
        return undefined;
      });
      if (command === undefined) return;
      const queues = { decisions: new Partner(partner), feed: new Partner(`${partner}feed`) };
      for (const queue of Object.values(queues)) await queue.hurry();
      const [reader, feedReader = reader] = await start(command, queues);
      if (reader !== undefined && feedReader !== undefined) started = { ...queues, reader, feedReader };
    });
    beforeEach(async ({ skip }) => {
      skip(offlineReason !== '', offlineReason);
      // Where a test failed before it started the reader anew.
      if (started !== undefined && !started.reader.isRunning) await started.reader.start();
    });
    afterAll(async () => {
      if (started === undefined) return;
      for (const one of new Set([started.reader, started.feedReader])) await one.end();
    });
    testDeliveries(bench);
    testFailures(bench);
    testHeldBack(bench);
    more?.(bench);
    testEnd(bench);
  });
}

async function startForEach(
  command: readonly string[],
  { decisions, feed }: Pick<Bench, 'decisions' | 'feed'>,
): Promise<RunningReader[]> {
  const processes = [decisions, feed].map(
    ({ queueUrl }) => new RunningReader(inject('endpoint'), command, { QUEUE_URL: queueUrl }),
  );
  for (const one of processes) await one.start();
  return processes;
}

const event = (type: string, id: string, data: { orderId: string; [member: string]: unknown }) => ({
  specversion: '1.0',
  id,
  source: '/shop/order',
  type,
  time: new Date().toISOString(),
  data,
});

/** Builds a decision of an order of its own. */
const confirmed = () =>
  event('shop.order.confirmed.v1', ulid(), {
    orderId: `t-${ulid()}`,
    items: [{ sku: 'KB-01', quantity: 1 }],
    total: { amount: 15_000, currency: 'KRW' },
  });

const step = (orderId: string, sequence: number) =>
  event('shop.order.progressed.v1', `${orderId}.${sequence}`, { orderId, sequence, step: `step ${sequence}` });

const inOrderOf = (orderId: string) => ({ MessageGroupId: orderId, MessageDeduplicationId: ulid() });

/** Waits until the reader worked on an order's events, as often as given or on one of a type, and returns them. */
export const worked = (reader: RunningReader, orderId: string, { count = 1, type = '' } = {}) =>
  eventually(
    `the reader worked on ${orderId}`,
    async () => {
      const events = await reader.done(orderId);
      return events.length >= count && events.some((event) => event.type.includes(type)) ? events : undefined;
    },
    SECONDS,
    () => `; it said:\n${reader.output}`,
  );

function testDeliveries(bench: () => Bench): void {
  test('follows real orders, with the rights of its partner and no others', async () => {
    const { decisions, reader, feedReader } = bench();
    const order = testOrder();
    await setStock(order.sku, 1);
    await publish(placed(order));
    await decided(order.orderId);
    await worked(reader, order.orderId, { type: 'shop.order.confirmed.v1' });
    await eventually('the feed was followed to the end', async () => {
      const steps = (await feedReader.done(order.orderId)).flatMap(({ data }) => data.sequence ?? []);
      return steps.join() === '1,2,3,4,5';
    });
    await decisions.drained();
    const calls = reader.calls.filter(({ service }) => service === 'sqs');
    const actions = new Set(calls.map(({ operation }) => operation.replace(/Batch$/, '')));
    expect(await decisions.allowedActions()).toEqual(expect.arrayContaining([...actions]));
    expect([...actions]).toEqual(expect.arrayContaining(['ReceiveMessage', 'DeleteMessage']));
  });

  test('skips an event that comes again, and one that is replayed', async () => {
    const { decisions, reader } = bench();
    const [known, fresh] = [confirmed(), confirmed()];
    for (const more of [{}, {}, REPLAYED]) await decisions.send(known, more);
    // Another source may give the same id to something else.
    await decisions.send({ ...fresh, source: '/shop/payment' });
    await decisions.send(fresh, REPLAYED);
    await worked(reader, fresh.data.orderId, { count: 2 });
    await decisions.drained();
    expect(await reader.done(known.data.orderId)).toMatchObject([{ id: known.id }]);
    expect(reader.skips(known.data.orderId)).toBe(2);
  });

  test('skips what it had done when it was killed before the message was deleted', async () => {
    const { decisions, reader } = bench();
    const { data } = confirmed();
    reader.killAt('DeleteMessage', 'DeleteMessageBatch');
    await decisions.send({ ...confirmed(), data });
    await eventually('the reader is killed', async () => !reader.isRunning, SECONDS);
    expect(await reader.done(data.orderId)).toHaveLength(1);
    await reader.start();
    await decisions.drained();
    expect(await reader.done(data.orderId)).toHaveLength(1);
    expect(reader.skips(data.orderId)).toBe(1);
  });
}

function testFailures(bench: () => Bench): void {
  test('gets a message again, each time later, while its work fails', async () => {
    const { decisions, reader } = bench();
    const { data, ...envelope } = confirmed();
    const since = reader.calls.length;
    onTestFinished(() => reader.repairWork());
    await reader.breakWork();
    await decisions.send({ ...envelope, data });
    // Events of other readers' orders come too, and fail as well.
    const waits = () => reader.waits(decisions.queueUrl, since);
    await eventually('a message failed twice', async () => waits().some((seconds) => seconds > 2), SECONDS);
    await reader.repairWork();
    expect([...new Set(waits())].slice(0, 2)).toEqual([2, 4]);
    await worked(reader, data.orderId);
    await decisions.drained();
    expect(await reader.done(data.orderId)).toHaveLength(1);
  });

  test('leaves what it cannot read to the dead-letter queue, and goes on with the rest', async () => {
    const { decisions, reader } = bench();
    const { id, ...withoutId } = confirmed();
    const poison = [`no JSON ${id}`, JSON.stringify(withoutId)];
    const good = confirmed();
    onTestFinished(() => decisions.hurry());
    await decisions.hurry(2);
    for (const body of [...poison, good]) await decisions.send(body);
    await worked(reader, good.data.orderId);
    for (const body of poison) await decisions.deadLettered(body);
    await decisions.drained();
  });

  test('keeps the sequence of each order on the feed, also where a step fails for a while', async () => {
    const { feed, feedReader } = bench();
    const orderIds = [`t-${ulid()}`, `t-${ulid()}`];
    const since = feedReader.calls.length;
    onTestFinished(() => feedReader.repairWork());
    await feedReader.breakWork();
    for (const sequence of [1, 2, 3]) {
      for (const orderId of orderIds) await feed.send(step(orderId, sequence), inOrderOf(orderId));
    }
    await eventually('both orders failed', async () => feedReader.waits(feed.queueUrl, since).length >= 2, SECONDS);
    await feedReader.repairWork();
    for (const orderId of orderIds) {
      const steps = await worked(feedReader, orderId, { count: 3 });
      expect(steps.map(({ data }) => data.sequence)).toEqual([1, 2, 3]);
    }
    await feed.drained();
  });
}

function testHeldBack(bench: () => Bench): void {
  test('does not go past a step that it cannot read, and follows other orders meanwhile', async () => {
    const { feed, feedReader } = bench();
    const [held, other] = [`t-${ulid()}`, `t-${ulid()}`];
    const unreadable = `no JSON ${ulid()}`;
    onTestFinished(() => feed.hurry());
    await feed.hurry(2);
    await feed.send(unreadable, inOrderOf(held));
    await feed.send(step(held, 2), inOrderOf(held));
    await feed.send(step(other, 1), inOrderOf(other));
    await worked(feedReader, other);
    expect(await feedReader.done(held)).toEqual([]);
    await worked(feedReader, held);
    expect(await feed.takeDeadLetter(unreadable)).toBe(true);
    await feed.drained();
  });
}

function testEnd(bench: () => Bench): void {
  test('ends when it is told to, and loses nothing', async () => {
    const { decisions, reader } = bench();
    const { data, ...envelope } = confirmed();
    const ended = reader.stop();
    await decisions.send({ ...envelope, data });
    // Java tells that it was told to.
    expect([0, 143]).toContain(await ended);
    await reader.start();
    expect(await worked(reader, data.orderId)).toHaveLength(1);
    await decisions.drained();
  });
}
