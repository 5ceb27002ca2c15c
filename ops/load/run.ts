import { setTimeout as pause } from 'node:timers/promises';
import { SNSClient } from '@aws-sdk/client-sns';
import { FollowUps } from '../orders/follow-up.ts';
import { publishOrders } from '../orders/publish.ts';
import { countDeadLetters } from '../queues.ts';
import type { DeployedShop } from '../stack.ts';
import { type LoadProgress, OrderMonitor, sampleEverySecond } from './monitor.ts';
import { followUpsOf, loadOrderId, type OrderMix, orderMessages } from './orders.ts';
import { type LoadResult, loadResult } from './result.ts';
import { type ArrivalSchedule, type Clock, type SendRange, sendOnSchedule } from './schedule.ts';

/** `timeoutSeconds`: how long to wait for decisions and what follows them after the last order was published. */
export type LoadOptions = ArrivalSchedule & OrderMix & { timeoutSeconds: number };

const DECISION_POLL_MS = 100;
/** After so many failed calls in a row the topic is taken to be gone. */
const MAX_CONSECUTIVE_FAILURES = 20;

/**
 * Publishes orders on schedule, waits until they are decided, and measures both. What follows a confirmation is published once it is seen, and
 * compared with the gateway's book in the end. Once the signal is aborted it ends early and returns what was measured until then; it throws
 * when the topic is gone or the shop cannot be measured.
 */
export async function runLoad(
  shop: DeployedShop,
  options: LoadOptions,
  { signal, onProgress }: { signal: AbortSignal; onProgress?: (progress: LoadProgress) => void },
): Promise<LoadResult> {
  const deadLettersBefore = await countDeadLetters(shop);
  const started = Date.now();
  const monitor = new OrderMonitor(shop, started);
  const followUps = new FollowUps(shop);
  const done = new AbortController();
  const samplingFailed = new AbortController();

  const sampling = sampleEverySecond(done.signal, async () => {
    const { collected, progress } = await monitor.sample();
    await followUps.publish(signal.aborted ? [] : followUpsOf(options, collected));
    await followUps.check();
    onProgress?.(progress);
  });
  // A load that is not measured has no result, so it ends at once.
  sampling.catch(() => samplingFailed.abort());
  const publisher = createPublisher(shop, options, (ids, time) => monitor.add(ids, time));
  const clock = clockUntil(AbortSignal.any([signal, samplingFailed.signal]));
  let lateMs = 0;
  try {
    lateMs = await sendOnSchedule(options, publisher.send, clock);
    const deadline = Date.now() + options.timeoutSeconds * 1_000;
    let goOn = true;
    while (goOn && monitor.undecidedCount + followUps.left > 0 && Date.now() < deadline) {
      goOn = await clock.waitUntil(Date.now() + DECISION_POLL_MS);
    }
  } finally {
    done.abort();
    await sampling;
  }
  return loadResult({
    ...options,
    started,
    ended: Date.now(),
    published: monitor.published,
    decisions: monitor.decisions,
    samples: monitor.samples,
    rejected: publisher.rejected(),
    lateMs,
    followUps: followUps.counts(),
    bookProblems: await followUps.bookProblems(),
    deadLetters: Math.max(0, (await countDeadLetters(shop)) - deadLettersBefore),
    interrupted: signal.aborted,
  });
}

const clockUntil = (signal: AbortSignal): Clock => ({
  now: Date.now,
  waitUntil: (time) => pause(Math.max(0, time - Date.now()), true, { signal }).catch(() => false),
});

/** Returns a publisher that passes the accepted orders to `onAccepted`, with the time of the call, and counts the rejected ones. */
function createPublisher(
  shop: DeployedShop,
  mix: OrderMix,
  onAccepted: (ids: readonly string[], time: number) => void,
) {
  const client = new SNSClient(shop.config);
  let rejected = 0;
  let consecutiveFailures = 0;
  const send: SendRange = async (first, end) => {
    const ids = Array.from({ length: end - first }, (_, offset) => loadOrderId(mix.run, first + offset));
    const messages = ids.flatMap((id, offset) => orderMessages(mix, first + offset).map((body) => ({ id, body })));
    const bodies = messages.map(({ body }) => body);
    const time = Date.now();
    try {
      const failed = await publishOrders(shop, bodies, { client });
      const lost = new Set(failed.map(({ index }) => messages[index]?.id));
      rejected += lost.size;
      consecutiveFailures = 0;
      onAccepted(
        ids.filter((id) => !lost.has(id)),
        time,
      );
    } catch (error) {
      rejected += ids.length;
      consecutiveFailures += 1;
      if (consecutiveFailures >= MAX_CONSECUTIVE_FAILURES) throw error;
    }
  };
  return { send, rejected: () => rejected };
}
