import { join } from 'node:path';
import { PurgeQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { beforeAll, beforeEach } from 'vitest';
import type { ConsumerName } from '../../infra/routing.ts';
import { deadLetterQueueUrl, queueUrl, setGatewayState, setReceiving, sqs } from '../deployed/deployed-shop.ts';
import { Clock } from '../harness/clock.ts';
import { temporaryFolder } from '../harness/engine.ts';
import { EventSource } from '../harness/event-source.ts';
import { FaultProxy } from '../harness/fault-proxy.ts';
import type { Rule } from '../harness/fault-rules.ts';
import { FunctionInstance } from '../harness/function-instance.ts';
import type { Json } from '../harness/protocol.ts';
import { runSeed } from '../harness/random.ts';
import { CallObserver } from './call-observer.ts';
import { connection, consumers, deployedFunction, leadTo } from './deployed-functions.ts';
import { Ledger } from './ledger.ts';
import { shelves } from './observe-shop.ts';
import { forgetEverything } from './record-tables.ts';

/** How many processes each function runs in: enough to meet over one order, with one to spare when one dies. */
const INSTANCES = 3;
/** More of the test's time than any message may take to find its end. */
const MAX_VIRTUAL_MS = 10 * 24 * 3_600_000;
/** Messages that become visible within so much time of each other do so at once. */
const TOGETHER_MS = 2_000;
/** More of real time than any test may take. */
const PATIENCE_MS = 120_000;

/**
 * The deployed shop, run step by step: its real bundles in processes of their own, real queues, topic, bus and tables,
 * and a fault proxy before all of them. Waiting costs no time: where only postponed messages are left, the clock skips.
 */
export class Harness {
  readonly proxy: FaultProxy;
  private readonly clockFile = join(temporaryFolder('clock'), 'skipped');
  readonly clock = new Clock(this.clockFile);
  readonly sources = new Map<ConsumerName, EventSource>();
  readonly instances = new Map<ConsumerName, FunctionInstance[]>();
  ledger = new Ledger();
  private readonly observer = new CallObserver();
  readonly statuses = this.observer.statuses;
  readonly momentary = this.observer.momentary;
  /** SKUs that were seen with less than nothing. */
  readonly negatives: string[] = [];
  private readonly output: string[] = [];

  constructor(proxy: FaultProxy) {
    this.proxy = proxy;
    proxy.now = () => this.clock.now();
  }

  readonly now = (): Date => new Date(this.clock.now());

  /** Everything the functions have logged in this test. */
  logged(): string {
    return this.output.join('');
  }

  /** The messages between one consumer's queue and its function. */
  source(consumer: ConsumerName): EventSource {
    const found = this.sources.get(consumer);
    if (found === undefined) throw new Error(`There is no consumer ${consumer}`);
    return found;
  }

  /** Replaces the event source mapping of every consumer, with `count` instances of each function. */
  async start(count: number): Promise<void> {
    const client = new SQSClient({ ...connection(await this.proxy.open('event-source')), maxAttempts: 1 });
    await Promise.all(
      consumers.map(async (consumer) => {
        const { bundle, environment, timeoutMs, visibilityTimeout } = await deployedFunction(consumer);
        const instances: FunctionInstance[] = [];
        for (let number = 1; number <= count; number += 1) {
          const endpoint = await this.proxy.open(`${consumer}-${number}`, {
            crash: () => instance.crash(),
            freeze: () => instance.freeze(),
          });
          const log = (text: string) => void this.output.push(text);
          const instance: FunctionInstance = new FunctionInstance({
            bundle,
            environment: leadTo(endpoint, environment),
            timeoutMs,
            log,
            clockFile: this.clockFile,
          });
          instances.push(instance);
        }
        this.instances.set(consumer, instances);
        const setup = {
          queueUrl: queueUrl(consumer),
          visibilityTimeout,
          instances,
          client,
          direct: sqs,
          clock: this.clock,
        };
        this.sources.set(consumer, new EventSource(setup));
        await Promise.all(instances.map((instance) => instance.start()));
      }),
    );
    this.proxy.observe = (call, answer) => this.observer.note(this.ledger, call, answer);
  }

  /** Sees to it that nobody but the harness receives. */
  async stopMappings(): Promise<void> {
    await Promise.all(consumers.map((consumer) => setReceiving(consumer, false)));
  }

  /** Begins a test: empty queues and tables, no faults but these, everything up. */
  async reset(seed: number, ...rules: Rule[]): Promise<void> {
    this.ledger = new Ledger();
    this.observer.clear();
    this.negatives.length = 0;
    this.output.length = 0;
    for (const source of this.sources.values()) source.reset();
    for (const instance of [...this.instances.values()].flat()) instance.restore();
    this.faults(seed, ...rules);
    const urls = consumers.flatMap((consumer) => [queueUrl(consumer), deadLetterQueueUrl(consumer)]);
    await Promise.all([
      ...urls.map((QueueUrl) => sqs.send(new PurgeQueueCommand({ QueueUrl }))),
      setGatewayState('up'),
      forgetEverything(),
    ]);
  }

  /** Replaces the faults; postponed messages wait on the test's time in any case. */
  faults(seed: number, ...rules: Rule[]): void {
    const virtualTime: Rule = {
      operation: 'ChangeMessageVisibilityBatch',
      fault: { kind: 'edit', request: (body) => this.postpone(body) },
    };
    this.proxy.inject(seed, virtualTime, ...rules);
  }

  /** Lets the given consumers work until nothing is visible to them any more; gives how many messages they were handed. */
  async pump(only: readonly ConsumerName[] = consumers): Promise<number> {
    let handed = 0;
    for (let round = -1; round !== handed; ) {
      round = handed;
      const counts = await Promise.all(only.map((consumer) => this.source(consumer).drain()));
      handed += counts.reduce((sum, count) => sum + count, 0);
      if (handed > round) await this.sampleShelves();
    }
    return handed;
  }

  /** Lets so much time pass and makes visible what is due. */
  async pass(seconds: number): Promise<void> {
    this.clock.skipTo(this.clock.now() + seconds * 1_000);
    await this.wake();
  }

  /** Lets everybody work, and time pass whenever all that is left waits for it, until no message is left. */
  async settle(): Promise<void> {
    const patience = Date.now() + PATIENCE_MS;
    const start = this.clock.skippedMs;
    for (;;) {
      const handed = await this.pump();
      if (Date.now() > patience || this.clock.skippedMs - start > MAX_VIRTUAL_MS)
        throw new Error(`It never ends.\n${this.proxy.report()}`);
      if (handed > 0 || this.proxy.keptBack > 0) continue;
      const due = Math.min(...[...this.sources.values()].map(({ nextDue }) => nextDue));
      if (due === Number.POSITIVE_INFINITY) return;
      // Those that are due at nearly the same time come together.
      this.clock.skipTo(due + TOGETHER_MS);
      await this.wake();
    }
  }

  /** The messages that the instance behind this endpoint of the proxy is handling. */
  handledBy(caller: string): readonly string[] {
    const [consumer, number] = instanceOf(caller);
    return this.instances.get(consumer)?.[number - 1]?.handling ?? [];
  }

  /** The type of the first message that the instance behind this endpoint is handling; undefined where it handles none. */
  typeHandledBy(caller: string): string | undefined {
    const [messageId = ''] = this.handledBy(caller);
    const body = this.sources.get(instanceOf(caller)[0])?.bodyOf(messageId);
    return body === undefined ? undefined : JSON.parse(body).type;
  }

  /** Thaws every frozen process and lets each end its invocation; returns how many there were. */
  async thaw(): Promise<number> {
    const thawed = await Promise.all([...this.instances.values()].flat().map((instance) => instance.thaw()));
    return thawed.reduce((sum, count) => sum + count, 0);
  }

  /** How many calls the functions of one consumer made. */
  calls(consumer: ConsumerName, operation = /./): number {
    return this.proxy.calls(new RegExp(`^${consumer}-`), operation);
  }

  private async wake(): Promise<void> {
    await Promise.all([...this.sources.values()].map((source) => source.releaseDue()));
  }

  private postpone(body: Json): void {
    const source = [...this.sources.values()].find(
      ({ queueUrl: url }) => new URL(url).pathname === new URL(body.QueueUrl).pathname,
    );
    for (const entry of body.Entries as { ReceiptHandle: string; VisibilityTimeout: number }[]) {
      source?.postponed(entry.ReceiptHandle, entry.VisibilityTimeout);
      entry.VisibilityTimeout = 43_000;
    }
  }

  private async sampleShelves(): Promise<void> {
    for (const { sku, available, reserved, sold } of (await shelves([...this.ledger.goods.keys()])).values()) {
      if (Math.min(available, reserved, sold) < 0) this.negatives.push(sku);
    }
  }
}

function instanceOf(caller: string): [ConsumerName, number] {
  const [, consumer = '', number] = /^(.*)-(\d+)$/.exec(caller) ?? [];
  return [consumer as ConsumerName, Number(number)];
}

// Where the files share a worker they share the harness too: its processes start once.
let running: Promise<Harness> | undefined;

async function begin(): Promise<Harness> {
  const harness = new Harness(new FaultProxy(connection().endpoint));
  await harness.start(INSTANCES);
  return harness;
}

/** Provides a test file with the harness, reset before each test; a failed test prints its seed and its faults. */
export function useHarness(): () => Harness {
  let harness: Harness | undefined;
  const get = () => {
    if (harness === undefined) throw new Error('The harness has not started');
    return harness;
  };
  beforeAll(async () => {
    running ??= begin();
    harness = await running;
    await harness.stopMappings();
  });
  beforeEach(async ({ onTestFailed }) => {
    onTestFailed(() => console.error(`${get().proxy.report()}\n${get().logged().slice(-4_000)}`));
    await get().reset(runSeed);
  });
  return get;
}
