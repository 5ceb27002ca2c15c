import { once } from 'node:events';
import { join } from 'node:path';
import { DeleteMessageBatchCommand, type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { ConsumerName } from '../infra/routing.ts';
import { eventOf } from '../test/faults/event-source.ts';
import { keptMessages } from '../test/faults/failure-list.ts';
import { Instance } from '../test/faults/instance.ts';
import type { FaultProxy } from '../test/faults/proxy.ts';
import { bundleContestant, consumers, deployedBundles } from './contestants.ts';
import type { Contestant } from './figure.ts';
import type { Shop } from './shop.ts';

/** How often each consumer's function was invoked. */
export type Invocations = Map<ConsumerName, number>;

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
const MESSAGES_PER_RECEIVE = 10;

/** A contestant's functions, each in a process of its own, behind a proxy that sees every call. Calls come from `<contestant>/<consumer>`. */
export class Crew {
  readonly name: Contestant;
  private readonly shop: Shop;
  private readonly instances: ReadonlyMap<ConsumerName, Instance>;
  private readonly queues: SQSClient;
  private output: string[] = [];

  private constructor(
    name: Contestant,
    shop: Shop,
    instances: ReadonlyMap<ConsumerName, Instance>,
    queues: SQSClient,
    output: string[],
  ) {
    this.name = name;
    this.shop = shop;
    this.instances = instances;
    this.queues = queues;
    this.output = output;
  }

  /** Bundles a contestant's functions and starts them, with the environment that the stack gave ours. */
  static async start(name: Contestant, shop: Shop, proxy: FaultProxy): Promise<Crew> {
    const bundles =
      name === 'ours' ? deployedBundles(shop.assembly) : await bundleContestant(name, join(shop.folder, 'peers', name));
    const output: string[] = [];
    const instances = new Map<ConsumerName, Instance>();
    for (const [consumer, bundle] of bundles) {
      const endpoint = await proxy.open(`${name}/${consumer}`);
      const deployed = shop.functions.get(consumer);
      if (deployed === undefined) throw new Error(`${consumer} is not deployed`);
      const environment = {
        ...moved(deployed.environment, shop.connection.endpoint, endpoint),
        AWS_ENDPOINT_URL: endpoint,
        AWS_REGION: shop.connection.region,
        AWS_ACCESS_KEY_ID: shop.connection.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: shop.connection.credentials.secretAccessKey,
        AWS_LAMBDA_FUNCTION_NAME: deployed.name,
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
        IDEMPOTENCY_TABLE_NAME: shop.tables.get('idempotency') ?? '',
      };
      const log = (text: string) => void output.push(text);
      const instance = new Instance({ bundle, environment, timeoutMs: deployed.timeoutMs * 4, log });
      instance.haste = 1;
      instances.set(consumer, instance);
    }
    await Promise.all([...instances.values()].map((instance) => instance.start()));
    const queues = new SQSClient({ ...shop.connection, endpoint: await proxy.open('event-source') });
    return new Crew(name, shop, instances, queues, output);
  }

  /** Everything its functions have logged since this was last asked. */
  takeLog(): string {
    return this.output.splice(0).join('');
  }

  /** The CPU time each function's process has used up to its last answer, in milliseconds. */
  cpuMs(): Map<ConsumerName, number> {
    return new Map([...this.instances].map(([consumer, { cpuMicros }]) => [consumer, cpuMicros / 1000]));
  }

  /** Ends its processes, so that the next batch finds new ones and what is counted begins with nothing; their log is whole then. */
  async rest(): Promise<void> {
    await Promise.all(
      [...this.instances.values()].map(async (instance) => {
        const child = await instance.start();
        // It does not keep us from ending, but somebody waits for it here.
        child.ref();
        const closed = once(child, 'close');
        instance.kill();
        await closed;
      }),
    );
  }

  /**
   * Hands batches of one size to one consumer after the other until no message is left; `after` is told when a consumer's queue is
   * empty, with the number of the round. Throws where a function fails or hands a message back.
   */
  async work(batch: number, after: (consumer: ConsumerName, round: number) => void = () => {}): Promise<Invocations> {
    const invocations: Invocations = new Map(consumers.map((consumer) => [consumer, 0]));
    for (let round = 1, handed = 1; handed > 0; round += 1) {
      handed = 0;
      for (const consumer of consumers) {
        const times = await this.empty(consumer, batch);
        handed += times;
        invocations.set(consumer, (invocations.get(consumer) ?? 0) + times);
        after(consumer, round);
      }
    }
    return invocations;
  }

  /** Ends its processes. */
  end(): void {
    for (const instance of this.instances.values()) instance.kill();
    this.queues.destroy();
  }

  private async empty(consumer: ConsumerName, batch: number): Promise<number> {
    const QueueUrl = this.shop.queueUrl(consumer);
    // Lambda hands at most ten messages of a FIFO queue to a function.
    const most = QueueUrl.endsWith('.fifo') ? Math.min(batch, MESSAGES_PER_RECEIVE) : batch;
    for (let times = 0; ; times += 1) {
      const messages = await this.receive(QueueUrl, most);
      if (messages.length === 0) return times;
      const instance = this.instances.get(consumer);
      const invoked = await instance?.invoke(eventOf(messages), 0);
      const ids = messages.map(({ MessageId = '' }) => MessageId);
      const failed = invoked === undefined || !('result' in invoked) || keptMessages(invoked.result, ids).size > 0;
      if (failed) {
        const tail = this.output.join('').slice(-2_000);
        throw new Error(`${this.name}: ${consumer} failed: ${JSON.stringify(invoked)}\n${tail}`);
      }
      await this.remove(QueueUrl, messages);
    }
  }

  private async receive(QueueUrl: string, most: number): Promise<Message[]> {
    const all: Message[] = [];
    while (all.length < most) {
      const { Messages = [] } = await this.queues.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: Math.min(most - all.length, MESSAGES_PER_RECEIVE),
          MessageSystemAttributeNames: ['All'],
          MessageAttributeNames: ['All'],
        }),
      );
      if (Messages.length === 0) break;
      all.push(...Messages);
    }
    return all;
  }

  private async remove(QueueUrl: string, messages: readonly Message[]): Promise<void> {
    for (let start = 0; start < messages.length; start += MESSAGES_PER_RECEIVE) {
      const some = messages.slice(start, start + MESSAGES_PER_RECEIVE);
      const Entries = some.map(({ ReceiptHandle }, index) => ({ Id: `${index}`, ReceiptHandle }));
      const { Failed = [] } = await this.queues.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
      if (Failed.length > 0) throw new Error(`${Failed.length} messages could not be deleted`);
    }
  }
}

/** Leads what names the engine's address to the proxy. */
const moved = (environment: Readonly<Record<string, string>>, from: string, to: string) =>
  Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, value.replace(from, to)]));
