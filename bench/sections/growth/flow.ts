import type { Message } from '@aws-sdk/client-sqs';
import { type ConsumerName, type Route, routing } from '../../../infra/routing.ts';
import { eventOf } from '../../../test/faults/event-source.ts';
import { keptMessages } from '../../../test/faults/failure-list.ts';
import { Instance } from '../../../test/faults/instance.ts';
import type { Call } from '../../../test/faults/protocol.ts';
import { consumers, deployedBundles } from '../../contestants.ts';
import { cpuSeconds } from '../rate/processes.ts';
import type { Stage } from './stage.ts';

const BATCH = 10;
/** Of a standard queue, where a batch may wait to fill. */
const LARGEST_BATCH = 100;
const TIMEOUT_MS = 60_000;
const NOISE = 4_000;

let messages = 0;

/** Takes a body and gives the message that a queue hands out. */
export function messageWith(Body: string, attempt = 1): Message {
  messages += 1;
  return {
    MessageId: `m-${messages}`,
    ReceiptHandle: `receipt of m-${messages}`,
    Body,
    Attributes: { ApproximateReceiveCount: String(attempt), SentTimestamp: String(Date.now()) },
  };
}

/** All consumers of the stack, each in a process of its own, on tables of their own, and what waits for each in memory. */
export class Flow {
  /** The texts that were sent, by number. */
  readonly texts: Record<string, string[]> = {};
  private readonly name: string;
  private readonly instances = new Map<ConsumerName, Instance>();
  private readonly waiting = new Map<ConsumerName, string[]>(consumers.map((consumer) => [consumer, []]));
  private said = '';

  private constructor(name: string) {
    this.name = name;
  }

  /** Takes a name for its calls and its tables and starts the functions. */
  static async start(stage: Stage, name: string, tables: ReadonlyMap<string, string>): Promise<Flow> {
    const flow = new Flow(name);
    for (const [consumer, bundle] of deployedBundles(stage.shop.assembly)) {
      const environment = await stage.environment(consumer, `${name}/${consumer}`, tables);
      const log = (text: string) => {
        flow.said = (flow.said + text).slice(-NOISE);
      };
      const instance = new Instance({ bundle, environment, timeoutMs: TIMEOUT_MS, log });
      instance.haste = 1;
      flow.instances.set(consumer, instance);
    }
    await Promise.all([...flow.instances.values()].map((instance) => instance.start()));
    return flow;
  }

  /** Ends its processes and starts new ones, which remember nothing. */
  async renew(): Promise<void> {
    this.end();
    await Promise.all([...this.instances.values()].map((instance) => instance.start()));
  }

  /** The CPU time that its processes used, in milliseconds. */
  async cpuMs(): Promise<number> {
    const used = await Promise.all(
      [...this.instances.values()].map(async (instance) => cpuSeconds((await instance.start()).pid ?? 0)),
    );
    return used.reduce((sum, one) => sum + one, 0) * 1_000;
  }

  /** Publishes on the topic. */
  publish(bodies: readonly string[]): void {
    for (const body of bodies) this.carry('topic', body);
  }

  /** Shows it a call that was answered; what is published in it goes to whom the stack sends it. */
  saw(call: Call): void {
    if (!call.caller.startsWith(`${this.name}/`)) return;
    if (call.operation === 'PutEvents') {
      for (const { Detail } of call.body.Entries as { Detail: string }[]) this.carry('bus', Detail);
    }
    if (call.service !== 'sns') return;
    const phone = call.query.get('PhoneNumber');
    if (phone !== null) this.texts[phone] = [...(this.texts[phone] ?? []), call.query.get('Message') ?? ''];
    else for (const [field, value] of call.query) if (/(^|\.)Message$/.test(field)) this.carry('lifecycle', value);
  }

  /** Hands batches of ten to one consumer after the other until nothing waits; throws where a message is not done. */
  async work(): Promise<void> {
    for (let handed = 1; handed > 0; ) {
      handed = 0;
      for (const [consumer, waiting] of this.waiting) {
        while (waiting.length > 0) {
          await this.hand(consumer, waiting.splice(0, BATCH));
          handed += 1;
        }
      }
    }
  }

  /** The same with all consumers side by side and batches of up to a hundred: faster, and of no fixed sequence. */
  async rush(): Promise<void> {
    const busy = new Map<ConsumerName, Promise<void>>();
    do {
      if (busy.size > 0) await Promise.race(busy.values());
      for (const [consumer, waiting] of this.waiting) {
        if (busy.has(consumer) || waiting.length === 0) continue;
        const { consumes }: Route = routing[consumer];
        const most = consumes.some(({ channel }) => channel === 'lifecycle') ? BATCH : LARGEST_BATCH;
        const handing = this.hand(consumer, waiting.splice(0, most));
        busy.set(
          consumer,
          handing.then(() => void busy.delete(consumer)),
        );
      }
    } while (busy.size > 0);
  }

  /** Ends its processes. */
  end(): void {
    for (const instance of this.instances.values()) instance.kill();
  }

  private async hand(consumer: ConsumerName, bodies: readonly string[]): Promise<void> {
    const batch = bodies.map((body) => messageWith(body));
    const invoked = await this.instances.get(consumer)?.invoke(eventOf(batch), 0);
    const ids = batch.map(({ MessageId = '' }) => MessageId);
    if (invoked === undefined || !('result' in invoked) || keptMessages(invoked.result, ids).size > 0) {
      throw new Error(`${this.name}: ${consumer} failed: ${JSON.stringify(invoked)}\n${this.said}`);
    }
  }

  private carry(channel: 'topic' | 'bus' | 'lifecycle', body: string): void {
    const { type: sent } = JSON.parse(body) as { type: string };
    for (const [consumer, waiting] of this.waiting) {
      const { consumes, unfiltered }: Route = routing[consumer];
      const wanted = consumes.some(({ channel: on, type }) => on === channel && type === sent);
      if (wanted || (channel === 'topic' && unfiltered)) waiting.push(body);
    }
  }
}
