import { setTimeout as pause } from 'node:timers/promises';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { Order } from '../../lambdas/order/rules.ts';
import { dynamoRecordStore } from '../../lambdas/runtime/records.ts';
import { findConsumerQueues } from '../consumers.ts';
import { publishOrders } from '../orders/publish.ts';
import { updateStatusLine } from '../progress.ts';
import { countDeadLetters, readQueueDepth, totalMessages } from '../queues.ts';
import type { DeployedShop } from '../stack.ts';
import { type Decision, newDecisions } from './decisions.ts';
import { type Evidence, type LoadResult, loadResult, type Sample } from './outcome.ts';
import { type Clock, keepPace, type Pace, type Send } from './pace.ts';
import { type Mix, messages, orderId } from './plan.ts';

/** What a load is, and for how many seconds it waits for decisions after the last order was published. */
export type LoadOptions = Pace & Mix & { patience: number };

const LOOK_EVERY_MS = 1_000;
const LOOK_AGAIN_MS = 100;
const NONE = { waiting: 0, inFlight: 0, delayed: 0 };
/** A topic that fails so many calls in a row will not take the next one either. */
const FAILURES_IN_A_ROW = 20;

/** Publishes orders at a rate, follows them until they are decided, and gives what came of it; a signal ends it early. */
export async function runLoad(shop: DeployedShop, options: LoadOptions, signal: AbortSignal): Promise<LoadResult> {
  const lettersBefore = await countDeadLetters(shop);
  const started = Date.now();
  const published = new Map<string, number>();
  const decisions = new Map<string, Decision>();
  const undecided = new Set<string>();
  const samples: Sample[] = [];
  const end = new AbortController();
  const blind = new AbortController();
  const heldNow = heldByConsumer(shop);

  const watcher = watchEverySecond(end.signal, async () => {
    const second = (Date.now() - started) / 1_000;
    samples.push({ second, held: await heldNow() });
    for (const [id, decision] of await newDecisions(undecided, ordersOf(shop))) decisions.set(id, decision);
    updateStatusLine(progress(second, options.count, published.size, decisions.size, samples.at(-1)));
  });
  // A load that nobody can see is ended.
  watcher.catch(() => blind.abort());
  const taken = (ids: readonly string[], time: number) => {
    for (const id of ids) {
      published.set(id, time);
      undecided.add(id);
    }
  };
  const publisher = publishing(shop, options, taken);
  const clock = clockUntil(AbortSignal.any([signal, blind.signal]));
  let lateMs = 0;
  try {
    lateMs = await keepPace(options, publisher.send, clock);
    const deadline = Date.now() + options.patience * 1_000;
    let goOn = true;
    while (goOn && undecided.size > 0 && Date.now() < deadline) goOn = await clock.until(Date.now() + LOOK_AGAIN_MS);
  } finally {
    end.abort();
    await watcher;
  }
  const evidence: Evidence = {
    ...options,
    started,
    ended: Date.now(),
    published,
    decisions,
    samples,
    refused: publisher.refused(),
    lateMs,
    deadLetters: Math.max(0, (await countDeadLetters(shop)) - lettersBefore),
    interrupted: signal.aborted,
  };
  return loadResult(evidence);
}

const ordersOf = (shop: DeployedShop) => (ids: readonly string[]) =>
  dynamoRecordStore<Order>(shop.output('OrdersTableName'), shop.documents).load(ids);

const clockUntil = (signal: AbortSignal): Clock => ({
  now: Date.now,
  until: (time) => pause(Math.max(0, time - Date.now()), true, { signal }).catch(() => false),
});

/** Sends orders to the topic, says which were taken and when they went out, and counts those that were not. */
function publishing(shop: DeployedShop, mix: Mix, taken: (ids: readonly string[], time: number) => void) {
  const client = new SNSClient(shop.config);
  let refused = 0;
  let inARow = 0;
  const send: Send = async (first, end) => {
    const orders = Array.from({ length: end - first }, (_, offset) => orderId(mix.run, first + offset));
    const sent = orders.flatMap((id, offset) => messages(mix, first + offset).map((body) => ({ id, body })));
    const time = Date.now();
    try {
      const refusals = await publishOrders(
        shop,
        sent.map(({ body }) => body),
        client,
      );
      const lost = new Set(refusals.map(({ index }) => sent[index]?.id));
      refused += lost.size;
      inARow = 0;
      taken(
        orders.filter((id) => !lost.has(id)),
        time,
      );
    } catch (error) {
      refused += orders.length;
      inARow += 1;
      if (inARow >= FAILURES_IN_A_ROW) throw error;
    }
  };
  return { send, refused: () => refused };
}

function heldByConsumer(shop: DeployedShop): () => Promise<Record<string, number>> {
  const sqs = new SQSClient(shop.config);
  const consumers = findConsumerQueues(shop.outputs);
  return async () => {
    const depths = await Promise.all(consumers.map(({ queueUrl }) => readQueueDepth(sqs, queueUrl)));
    return Object.fromEntries(consumers.map(({ consumer }, index) => [consumer, totalMessages(depths[index] ?? NONE)]));
  };
}

/** Runs a look again and again, at most once a second, and a last time when it is to end. */
async function watchEverySecond(signal: AbortSignal, look: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    const next = Date.now() + LOOK_EVERY_MS;
    await look();
    await pause(Math.max(0, next - Date.now()), undefined, { signal }).catch(() => undefined);
  }
  await look();
}

function progress(second: number, count: number, published: number, decided: number, sample: Sample | undefined) {
  const busy = Object.entries(sample?.held ?? {}).filter(([, messages]) => messages > 0);
  const queues = busy.map(([name, messages]) => `${name} ${messages}`).join(', ');
  return `${second.toFixed(0)} s: ${published} of ${count} published, ${decided} decided; not done: ${queues || 'nothing'}`;
}
