import { setTimeout as pause } from 'node:timers/promises';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { Order } from '../../lambdas/order/record.ts';
import { dynamoRecordStore } from '../../lambdas/runtime/records.ts';
import { findConsumerQueues } from '../consumers.ts';
import { readQueueDepth, totalMessages } from '../queues.ts';
import type { DeployedShop } from '../stack.ts';
import { collectDecisions, type Decision } from './orders.ts';
import { type BacklogSample, type Latency, latencyOf } from './result.ts';

/**
 * How far orders are: published and decided so far, and the messages of each consumer that are not done. `latency` is that of the orders
 * decided since the progress before.
 */
export type LoadProgress = BacklogSample & { published: number; decided: number; latency: Latency };

const SAMPLE_INTERVAL_MS = 1_000;
const EMPTY = { waiting: 0, inFlight: 0, delayed: 0 };

/** Follows orders from their publication to their decision, and the backlog of the consumers meanwhile. */
export class OrderMonitor {
  readonly published = new Map<string, number>();
  readonly decisions = new Map<string, Decision>();
  readonly samples: BacklogSample[] = [];
  private readonly undecided = new Set<string>();
  private readonly started: number;
  private readonly backlog: () => Promise<Record<string, number>>;
  private readonly loadOrders: (ids: readonly string[]) => Promise<ReadonlyMap<string, Order>>;

  /** `started`: the moment that seconds are counted from, in milliseconds. */
  constructor(shop: DeployedShop, started: number) {
    this.started = started;
    this.backlog = backlogByConsumer(shop);
    const store = dynamoRecordStore<Order>(shop.output('OrdersTableName'), shop.documents);
    this.loadOrders = (ids) => store.load(ids);
  }

  get undecidedCount(): number {
    return this.undecided.size;
  }

  add(orderIds: readonly string[], publishedAt: number): void {
    for (const id of orderIds) {
      this.published.set(id, publishedAt);
      this.undecided.add(id);
    }
  }

  /** Reads backlog and orders once. Returns which orders were decided since the sample before, and how far all are. */
  async sample(): Promise<{ collected: ReadonlyMap<string, Decision>; progress: LoadProgress }> {
    const second = (Date.now() - this.started) / 1_000;
    const sample = { second, held: await this.backlog() };
    this.samples.push(sample);
    const collected = await collectDecisions(this.undecided, this.loadOrders);
    for (const [id, decision] of collected) this.decisions.set(id, decision);
    const latency = latencyOf(collected, this.published);
    return {
      collected,
      progress: { ...sample, published: this.published.size, decided: this.decisions.size, latency },
    };
  }
}

function backlogByConsumer(shop: DeployedShop): () => Promise<Record<string, number>> {
  const sqs = new SQSClient(shop.config);
  const consumers = findConsumerQueues(shop.outputs);
  return async () => {
    const depths = await Promise.all(consumers.map(({ queueUrl }) => readQueueDepth(sqs, queueUrl)));
    return Object.fromEntries(
      consumers.map(({ consumer }, index) => [consumer, totalMessages(depths[index] ?? EMPTY)]),
    );
  };
}

/** Samples at most once a second until the signal is aborted, and once more then. */
export async function sampleEverySecond(signal: AbortSignal, sample: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    const next = Date.now() + SAMPLE_INTERVAL_MS;
    await sample();
    await pause(Math.max(0, next - Date.now()), undefined, { signal }).catch(() => undefined);
  }
  await sample();
}
