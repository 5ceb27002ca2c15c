import { plural } from '../format.ts';
import type { DeployedShop } from '../stack.ts';
import { type OnProgress, reportStep } from '../steps.ts';
import { type CheckedHop, checkHops } from './check.ts';
import { type Deployment, readDeployment } from './deployment.ts';
import { verifyIntake } from './intake.ts';
import { checkPartners } from './partners.ts';
import { notTried, type ProbeResults } from './probe-results.ts';
import { runProbes } from './run-probes.ts';
import type { PlannedProbe } from './send-probe.ts';
import { readSweep } from './sweep.ts';

/**
 * One hop of the deployment; `milliseconds` is how long it took until its probe was answered, or until it was known that it was not. A hop that
 * was read only, also because of what was read, has the time that reading everything took.
 */
export type Hop = {
  from: string;
  to: string;
  ok: boolean;
  milliseconds: number;
  by: 'probe' | 'read';
  problem?: string;
  /** It was not tried, because its consumer is paused. */
  paused?: true;
};

/** Tells whether a hop does not deliver though nobody decided that it should not. */
export const isDead = ({ ok, paused }: Pick<Hop, 'ok' | 'paused'>): boolean => !ok && paused !== true;

export type VerifyResult = { hops: Hop[] };

export type VerifyOptions = {
  /** How long to wait for the answers to the probes. @default two minutes and the longest window in which Lambda gathers a batch */
  timeoutSeconds?: number | undefined;
  /** Ends the run; what it sent is removed first, as far as it is known to have arrived. */
  signal?: AbortSignal | undefined;
  onProgress?: OnProgress;
};

const BASE_TIMEOUT_SECONDS = 120;

/**
 * Finds out whether each hop of a deployment delivers: reads subscriptions, rules, policies, keys and mappings, then sends a probe through each
 * topic, rule and feed into each queue, one for each consumer to dead-letter, and a request to each address of the intake. Probes have no effect: they are no orders, texts or letters. The
 * ways to partners are read, and get none.
 */
export async function verify(
  shop: DeployedShop,
  { timeoutSeconds, signal, onProgress = () => {} }: VerifyOptions = {},
): Promise<VerifyResult> {
  const startedAt = Date.now();
  const checked = await reportStep('read what is deployed', onProgress, async () => {
    const deployment = await readDeployment(shop);
    return {
      deployment,
      hops: [...checkHops(deployment, await readSweep(shop, deployment.keyOf)), ...checkPartners(deployment)],
    };
  });
  signal?.throwIfAborted();
  const readMilliseconds = Date.now() - startedAt;
  const probes = checked.hops.flatMap(({ problem, probe }) =>
    problem === undefined && probe !== undefined ? [probe] : [],
  );
  const seconds = timeoutSeconds ?? BASE_TIMEOUT_SECONDS + longestWindow(checked.deployment);
  const onWaiting = (pending: readonly PlannedProbe[]) =>
    onProgress({
      kind: 'notice',
      text: `Still waiting for ${pending.length} of ${probes.length} probes: ${describeProbes(pending)}`,
    });
  const results = await reportStep(`sent ${plural(probes.length, 'probe')}`, onProgress, () =>
    runProbes(shop, probes, { timeoutSeconds: seconds, signal, onWaiting }),
  );
  const hops = checked.hops.map((hop) => toHop(hop, results, { seconds, readMilliseconds }));
  return { hops: [...hops, ...(await verifyIntake(shop))] };
}

const longestWindow = ({ queues }: Deployment): number =>
  Math.max(
    0,
    ...[...queues.values()].flatMap(({ own }) => own.queue?.functions ?? []).map(({ windowSeconds }) => windowSeconds),
  );

const describeProbes = (probes: readonly PlannedProbe[]): string =>
  probes.map(({ from, to }) => `${from} → ${to}`).join(', ');

function toHop(
  { from, to, problem, paused, probe, keyUnreadable }: CheckedHop,
  results: ProbeResults,
  { seconds, readMilliseconds }: { seconds: number; readMilliseconds: number },
): Hop {
  const hop = { from, to, ok: problem === undefined, ...(paused ? { paused } : {}) };
  if (problem !== undefined || probe === undefined)
    return { ...hop, milliseconds: readMilliseconds, by: 'read', ...(problem === undefined ? {} : { problem }) };
  const result = results.get(probe) ?? {
    milliseconds: seconds * 1_000,
    problem: unanswered(probe, results.wasSent(probe), seconds, keyUnreadable),
  };
  return { ...hop, ok: result.problem === undefined, by: 'probe', ...result };
}

function unanswered(
  { consumer, expect }: PlannedProbe,
  wasSent: boolean,
  seconds: number,
  keyUnreadable: string | undefined,
): string {
  if (!wasSent) return notTried(consumer);
  const reason =
    expect === 'dead-letter'
      ? `${consumer} got it and did not dead-letter it (see its log)`
      : `nothing that was read is wrong, so it is a filter or policy that has not arrived yet (SNS takes up to 15 minutes): run it again, or give it --timeout 1200; else the key, or the function of ${consumer} (see its log)`;
  const key = keyUnreadable === undefined ? '' : `; its queue's key could not be read: ${keyUnreadable}`;
  return `no answer within ${seconds} s: ${reason}${key}`;
}
