import { setTimeout as pause } from 'node:timers/promises';
import { SQSClient } from '@aws-sdk/client-sqs';
import { ulid } from 'ulid';
import { findQueues } from '../consumers.ts';
import { letterReceiver } from '../dlq/letter-receiver.ts';
import { toUserMessage } from '../errors.ts';
import { logGroupNames, readLogLines } from '../orders/log-lines.ts';
import type { DeployedShop } from '../stack.ts';
import { answersIn } from './answers.ts';
import { ProbeResults } from './probe-results.ts';
import { type PlannedProbe, type ProbeRun, probeSender } from './send-probe.ts';
import { takeProbe } from './take-probe.ts';

export type RunOptions = {
  timeoutSeconds: number;
  signal?: AbortSignal | undefined;
  /** Called every so often with the probes that are not answered yet. */
  onWaiting?: (pending: readonly PlannedProbe[]) => void;
};

// FilterLogEvents may be called a few times a second in an account, and there is a log for each function.
const POLL_MS = { local: 200, aws: 3_000 };
const REPORT_MS = 15_000;
// An older filter drops a probe without a trace, and the new one may take a quarter of an hour.
const REPEAT_MS = 30_000;
// Clocks differ.
const LOG_FROM_MS = 60_000;
// How long an interrupted run still waits for its dead letters, to remove them.
const CLEAN_UP_MS = 3_000;

/**
 * Sends probes, all at once and again while they are not answered, and waits for their answers in the functions' logs and in the dead-letter queues,
 * from which it removes them.
 * Throws when the signal is aborted.
 */
export async function runProbes(
  shop: DeployedShop,
  probes: readonly PlannedProbe[],
  { timeoutSeconds, signal, onWaiting = () => {} }: RunOptions,
): Promise<ProbeResults> {
  const startedAt = Date.now();
  const run = { nonce: ulid().toLowerCase(), until: startedAt + timeoutSeconds * 1_000 };
  const results = new ProbeResults(probes);
  let abortedAt = signal?.aborted ? startedAt : Number.POSITIVE_INFINITY;
  const onAbort = () => {
    abortedAt = Date.now();
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  const isOver = () => Date.now() >= Math.min(run.until, abortedAt + CLEAN_UP_MS);

  const work = [
    ...takeAll(shop, run.nonce, results, isOver),
    exchange(shop, run, results, {
      startedAt,
      isOver: () => isOver() || abortedAt < Number.POSITIVE_INFINITY,
      onWaiting,
    }),
  ];
  const ends = await Promise.allSettled(work);
  signal?.removeEventListener('abort', onAbort);
  signal?.throwIfAborted();
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return results;
}

function takeAll(shop: DeployedShop, nonce: string, results: ProbeResults, isOver: () => boolean): Promise<void>[] {
  const client = new SQSClient(shop.config);
  const expected = results.probes.filter(({ expect }) => expect === 'dead-letter');
  return expected.map(async (probe) => {
    try {
      const [queues] = findQueues(shop.outputs, probe.consumer);
      const letter =
        queues && (await takeProbe(letterReceiver(queues, client), nonce, () => results.has(probe) || isOver()));
      if (letter !== undefined) results.answer(probe, Date.parse(letter.failedAt));
    } catch (error) {
      results.fail(probe, `its dead-letter queue cannot be received from: ${toUserMessage(error)}`);
    }
  });
}

/** Sends probes and looks for their answers in the logs until every one has an answer. */
async function exchange(
  shop: DeployedShop,
  run: ProbeRun,
  results: ProbeResults,
  {
    startedAt,
    isOver,
    onWaiting,
  }: { startedAt: number; isOver: () => boolean } & Required<Pick<RunOptions, 'onWaiting'>>,
): Promise<void> {
  const send = probeSender(shop, run);
  const groups = await logGroupNames(shop);
  let reportedAt = startedAt;
  while (results.pending.length > 0 && !isOver()) {
    const now = Date.now();
    const sending = results.due(now, REPEAT_MS).map((probe) =>
      send(probe, results.sent(probe, now)).catch((error: unknown) => {
        results.fail(probe, `its probe was not accepted: ${toUserMessage(error)}`);
      }),
    );
    await Promise.all(sending);
    const lines = await readLogLines(shop, run.nonce, { from: startedAt - LOG_FROM_MS, until: Date.now() }, groups);
    for (const answer of answersIn(lines, run.nonce)) results.take(answer);
    if (Date.now() - reportedAt >= REPORT_MS) {
      reportedAt = Date.now();
      onWaiting(results.pending);
    }
    await pause(shop.local ? POLL_MS.local : POLL_MS.aws);
  }
}
