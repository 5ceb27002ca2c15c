import { once } from 'node:events';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { ConsumerName } from '../infra/routing.ts';
import { Clock } from '../test/harness/clock.ts';
import { EventSource } from '../test/harness/event-source.ts';
import { FaultProxy } from '../test/harness/fault-proxy.ts';
import { FunctionInstance } from '../test/harness/function-instance.ts';
import { bundleFunctions } from './bundles.ts';
import type { Contestant } from './figure.ts';
import { CREDENTIALS, type LocalAws, REGION } from './local-aws/local-aws.ts';
import { consumers, createQueues, createTables, environmentOf, isFifo, queueUrl } from './local-aws/resources.ts';

// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
const MAX_FIFO_BATCH = 10;
const VISIBILITY_SECONDS = 180;
const TIMEOUT_MS = 60_000;

/** A contestant's functions, each in a process of its own, behind proxies that see every call; callers are named by consumer. */
export type FunctionPool = {
  shop: string;
  /** Sets what is called with every call of the functions and its response. */
  observe(onCall: FaultProxy['observe']): void;
  /** Returns and clears what the functions have logged. */
  takeLog(): string;
  /** The CPU time that each function's process has used, in milliseconds. */
  cpuMs(): ReadonlyMap<ConsumerName, number>;
  /** Ends all processes: their log is complete then, and the next batch meets cold starts. */
  recycle(): Promise<void>;
  /**
   * Drains one consumer's queue after the other until no message is left; returns the invocations of each. `onDrained` is called when
   * a queue is empty, with the number of the round. Throws if a message fails or stays in flight.
   */
  drain(
    batchSize: number,
    onDrained?: (consumer: ConsumerName, round: number) => void,
  ): Promise<ReadonlyMap<ConsumerName, number>>;
  stop(): Promise<void>;
};

/** Creates the tables and queues of a shop, bundles the contestant's functions and starts them. */
export async function startFunctionPool(aws: LocalAws, shop: string, contestant: Contestant): Promise<FunctionPool> {
  await createTables(shop, aws.clients.dynamodb);
  await createQueues(shop, aws.clients);
  const { queues, bus, store } = aws.endpoints;
  const proxies = { queues: new FaultProxy(queues), bus: new FaultProxy(bus), store: new FaultProxy(store) };
  const output: string[] = [];
  const log = (text: string) => void output.push(text);
  const instances = new Map<ConsumerName, FunctionInstance>();
  for (const [consumer, bundle] of await bundleFunctions(contestant, consumers, aws.folder)) {
    const environment = environmentOf(shop, consumer, {
      queues: await proxies.queues.open(consumer),
      bus: await proxies.bus.open(consumer),
      store: await proxies.store.open(consumer),
    });
    const instance = new FunctionInstance({ bundle, environment, timeoutMs: TIMEOUT_MS, log });
    instance.timeScale = 1;
    instances.set(consumer, instance);
  }
  await Promise.all([...instances.values()].map((instance) => instance.start()));
  const endpoint = await proxies.queues.open('event-source');
  const client = new SQSClient({ endpoint, region: REGION, credentials: CREDENTIALS });
  const sourceOf = (consumer: ConsumerName, instance: FunctionInstance, batchSize: number) =>
    new EventSource({
      queueUrl: queueUrl(shop, consumer, { queues: endpoint }),
      visibilityTimeout: VISIBILITY_SECONDS,
      instances: [instance],
      batchSize: isFifo(consumer) ? Math.min(batchSize, MAX_FIFO_BATCH) : batchSize,
      client,
      direct: client,
      clock: new Clock(),
    });
  return {
    shop,
    observe(onCall) {
      for (const proxy of Object.values(proxies)) proxy.observe = onCall;
    },
    takeLog: () => output.splice(0).join(''),
    cpuMs: () => new Map([...instances].map(([consumer, { cpuMicros }]) => [consumer, cpuMicros / 1_000])),
    async recycle() {
      await Promise.all([...instances.values()].map(endProcess));
    },
    async drain(batchSize, onDrained = () => {}) {
      const sources = [...instances].map(([name, instance]) => [name, sourceOf(name, instance, batchSize)] as const);
      for (let round = 1, delivered = 1; delivered > 0; round += 1) {
        delivered = 0;
        for (const [consumer, source] of sources) {
          delivered += await source.drain();
          if (source.waiting > 0) {
            const result = JSON.stringify(source.invocations.at(-1));
            throw new Error(`${shop}: ${consumer} failed: ${result}\n${output.join('').slice(-2_000)}`);
          }
          onDrained(consumer, round);
        }
      }
      return new Map(sources.map(([consumer, { invocations }]) => [consumer, invocations.length]));
    },
    async stop() {
      for (const instance of instances.values()) instance.kill();
      client.destroy();
      for (const proxy of Object.values(proxies)) await proxy.close();
    },
  };
}

async function endProcess(instance: FunctionInstance): Promise<void> {
  const child = await instance.start();
  child.ref();
  const closed = once(child, 'close');
  instance.kill();
  await closed;
}
