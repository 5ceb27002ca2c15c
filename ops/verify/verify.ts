import type { DeployedRoute } from '../explain/deployment.ts';
import { queueName } from '../queues.ts';
import type { DeployedShop } from '../stack.ts';
import { type OnProgress, reportStep } from '../steps.ts';
import { type Deployment, readDeployment } from './deployment.ts';
import { sharedValues } from './filter.ts';
import { type ExpectedHop, expectedHops, originOf } from './hops.ts';
import type { ProbeResults } from './probe-results.ts';
import { mappingProblem, redriveProblem, routeProblem, type Sender, undeliverableProblem } from './problems.ts';
import { runProbes } from './run-probes.ts';
import type { PlannedProbe } from './send-probe.ts';
import { readSweep, type SweepProblems } from './sweep.ts';

/** One hop of the deployment; `milliseconds` is how long its probe took, `null` where it was read only or has a problem. */
export type Hop = { from: string; to: string; ok: boolean; milliseconds: number | null; problem?: string };

export type VerifyResult = { hops: Hop[] };

export type VerifyOptions = {
  /** How long to wait for the answers to the probes. @default two minutes and the longest window in which Lambda gathers a batch */
  timeoutSeconds?: number | undefined;
  /** Ends the run; what it sent is removed first, as far as it is known to have arrived. */
  signal?: AbortSignal | undefined;
  onProgress?: OnProgress;
};

/** A hop that is to be reported: what was read, and the probe that is sent where nothing is wrong so far. */
type CheckedHop = { from: string; to: string; problem: string | undefined; probe?: PlannedProbe };

const BASE_TIMEOUT_SECONDS = 120;

/**
 * Finds out whether each hop of a deployment delivers: reads subscriptions, rules, policies, keys and mappings, then sends a probe through each
 * topic, rule and feed into each queue, and one for each consumer to dead-letter. Probes have no effect: they are no orders, texts or letters.
 */
export async function verify(
  shop: DeployedShop,
  { timeoutSeconds, signal, onProgress = () => {} }: VerifyOptions = {},
): Promise<VerifyResult> {
  const checked = await reportStep('read what is deployed', onProgress, async () => {
    const deployment = await readDeployment(shop);
    return { deployment, hops: checkedHops(deployment, await readSweep(shop, deployment.keyOf)) };
  });
  signal?.throwIfAborted();
  const probes = checked.hops.flatMap(({ problem, probe }) =>
    problem === undefined && probe !== undefined ? [probe] : [],
  );
  const seconds = timeoutSeconds ?? BASE_TIMEOUT_SECONDS + longestWindow(checked.deployment);
  const onWaiting = (pending: readonly PlannedProbe[]) =>
    onProgress({
      kind: 'notice',
      text: `Still waiting for ${pending.length} of ${probes.length} probes: ${describeProbes(pending)}`,
    });
  const results = await reportStep(`sent ${probes.length} probes`, onProgress, () =>
    runProbes(shop, probes, { timeoutSeconds: seconds, signal, onWaiting }),
  );
  return { hops: checked.hops.map((hop) => toHop(hop, results, seconds)) };
}

function checkedHops(deployment: Deployment, sweep: SweepProblems): CheckedHop[] {
  const consumers = [...deployment.queues.keys()];
  return [
    ...expectedHops().flatMap((hop) => checkHop(hop, deployment)),
    ...consumers.flatMap((consumer) => checkDeadLetters(consumer, deployment)),
    { from: 'schedule', to: 'sweep', problem: sweep.schedule },
    { from: 'schedule', to: lettersOf('sweep'), problem: sweep.deadLetters },
  ];
}

const lettersOf = (consumer: string) => `${consumer} dead letters`;

/** Checks the way into a consumer, and the way to a dead-letter queue of what cannot be delivered. */
function checkHop(hop: ExpectedHop, { channels, queues, undeliverable, keyOf }: Deployment): CheckedHop[] {
  const { consumer, channel, probe: type } = hop;
  const { at, routes } = channels[channel];
  const queue = queues.get(consumer);
  const from = originOf(hop);
  if (queue === undefined)
    return [
      { from, to: consumer, problem: `the stack has no output for the queue of ${consumer}: deploy this version` },
    ];
  const route = findRoute(hop, routes, queue.queueUrl);
  const sender: Sender =
    route?.kind === 'rule' ? { service: 'events', sourceArn: route.arn } : { service: 'sns', sourceArn: at };
  const way: CheckedHop = {
    from,
    to: consumer,
    problem: routeProblem(hop, route, sender, keyOf),
    probe: { from, to: consumer, consumer, channel, at, type, expect: 'acknowledge' },
  };
  if (route === undefined) return [way];
  const deadLetterQueue = route.undeliverable === undefined ? undefined : undeliverable.get(route.undeliverable);
  return [way, { from, to: lettersOf(consumer), problem: undeliverableProblem(route, deadLetterQueue, sender, keyOf) }];
}

/** Finds the route of a hop: of a queue's rules, the one that is or was that rule. */
function findRoute(
  { filter }: ExpectedHop,
  routes: readonly DeployedRoute[],
  queueUrl: string,
): DeployedRoute | undefined {
  const own = routes.filter(({ target }) => queueName(target) === queueName(queueUrl));
  if (own.length < 2 && filter === undefined) return own[0];
  const ranked = own
    .map((route) => ({ route, shared: sharedValues(filter, route.filter) }))
    .sort((one, other) => other.shared - one.shared);
  const [best] = ranked;
  // A subscription is a queue's only one on its topic, whatever its filter is.
  return best !== undefined && (best.shared > 0 || best.route.kind === 'subscription') ? best.route : undefined;
}

/** Checks that a consumer dead-letters, and that SQS does where the consumer dies. */
function checkDeadLetters(consumer: string, { queues }: Deployment): CheckedHop[] {
  const found = queues.get(consumer);
  if (found === undefined) return [];
  const { queueUrl, own, dead } = found;
  const to = lettersOf(consumer);
  const redrive = { from: `${consumer} queue`, to, problem: redriveProblem(own.arn, own.queue, dead.arn, dead.queue) };
  const type = expectedHops().find((hop) => hop.consumer === consumer)?.probe;
  // The archive gives nothing up by itself.
  if (consumer === 'archive' || type === undefined) return [redrive];
  const problem = own.queue && mappingProblem(consumer, own.queue);
  return [
    {
      from: consumer,
      to,
      problem,
      probe: { from: consumer, to, consumer, channel: 'queue', at: queueUrl, type, expect: 'dead-letter' },
    },
    redrive,
  ];
}

const longestWindow = ({ queues }: Deployment): number =>
  Math.max(
    0,
    ...[...queues.values()].flatMap(({ own }) => own.queue?.functions ?? []).map(({ windowSeconds }) => windowSeconds),
  );

const describeProbes = (probes: readonly PlannedProbe[]): string =>
  probes.map(({ from, to }) => `${from} → ${to}`).join(', ');

function toHop({ from, to, problem, probe }: CheckedHop, results: ProbeResults, seconds: number): Hop {
  if (problem !== undefined) return { from, to, ok: false, milliseconds: null, problem };
  if (probe === undefined) return { from, to, ok: true, milliseconds: null };
  const result = results.get(probe);
  if (result === undefined) return { from, to, ok: false, milliseconds: null, problem: unanswered(probe, seconds) };
  if ('problem' in result) return { from, to, ok: false, milliseconds: null, problem: result.problem };
  return { from, to, ok: true, milliseconds: result.milliseconds };
}

const unanswered = ({ consumer, channel }: PlannedProbe, seconds: number): string =>
  channel === 'queue'
    ? `no answer within ${seconds} s: the function of ${consumer} fails (see its log), may not use its queue's key, or has no place among the account's concurrent executions`
    : `no answer within ${seconds} s, though nothing that can be read is wrong: a filter or policy that has not arrived yet (SNS takes up to 15 minutes): run it again; else the key, or the function (see the log of ${consumer})`;
