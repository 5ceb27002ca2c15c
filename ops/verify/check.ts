import type { DeployedQueue, DeployedRoute } from '../explain/deployment.ts';
import type { Pause } from '../pause/record.ts';
import { queueName } from '../queues.ts';
import type { Deployment } from './deployment.ts';
import { sharedValues } from './filter.ts';
import { type ExpectedHop, expectedHops, originOf } from './hops.ts';
import {
  mappingProblem,
  pauseProblem,
  redriveProblem,
  routeProblem,
  type Sender,
  undeliverableProblem,
} from './problems.ts';
import type { PlannedProbe } from './send-probe.ts';
import type { SweepProblems } from './sweep.ts';

/** A hop that is to be reported: what was read, and the probe that is sent where nothing is wrong so far. */
export type CheckedHop = {
  from: string;
  to: string;
  problem: string | undefined;
  /** The problem is that its consumer is paused, and nothing else that could be read. */
  paused?: boolean;
  probe?: PlannedProbe;
  /** Why its queue's key is unknown. */
  keyUnreadable?: string | undefined;
};

/** Checks every hop that this code deploys against what was read. */
export function checkHops(deployment: Deployment, sweep: SweepProblems): CheckedHop[] {
  const ways = expectedHops(deployment.endpoints).flatMap((hop) => checkHop(hop, deployment));
  return [
    ...ways,
    ...[...deployment.queues.keys()].flatMap((consumer) => checkDeadLetters(consumer, ways, deployment)),
    { from: 'schedule', to: 'sweep', problem: sweep.schedule },
    { from: 'schedule', to: lettersOf('sweep'), problem: sweep.deadLetters },
  ];
}

export const lettersOf = (consumer: string) => `${consumer} dead letters`;

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
  const sender = senderOf(route, at);
  const { pause } = queue;
  const problem =
    routeProblem(hop, route, sender, keyOf) ?? (route?.queue && mappingProblem(consumer, route.queue, pause));
  const way: CheckedHop = {
    from,
    to: consumer,
    problem,
    paused: isPaused(consumer, problem, route?.queue, pause),
    keyUnreadable: unreadableKey(route?.queue, keyOf),
    probe: { from, to: consumer, consumer, channel, at, type, expect: 'acknowledge' },
  };
  if (route === undefined) return [way];
  const deadLetterQueue = route.undeliverable === undefined ? undefined : undeliverable.get(route.undeliverable);
  return [way, { from, to: lettersOf(consumer), problem: undeliverableProblem(route, deadLetterQueue, sender, keyOf) }];
}

/** Returns who delivers by a route: its rule, or the topic that it is a subscription of. */
export const senderOf = (route: DeployedRoute | undefined, at: string): Sender =>
  route?.kind === 'rule' ? { service: 'events', sourceArn: route.arn } : { service: 'sns', sourceArn: at };

function unreadableKey(queue: DeployedQueue | undefined, keyOf: Deployment['keyOf']): string | undefined {
  const key = queue && keyOf(queue);
  return key !== undefined && 'unreadable' in key ? key.unreadable : undefined;
}

/** Finds the route of a hop: of a queue's rules for the same endpoint, the one that is or was that rule. */
export function findRoute(
  { filter, endpoint }: Pick<ExpectedHop, 'filter' | 'endpoint'>,
  routes: readonly DeployedRoute[],
  queueUrl: string,
): DeployedRoute | undefined {
  const own = routes.filter((route) => queueName(route.target) === queueName(queueUrl) && route.endpoint === endpoint);
  if (own.length < 2 && filter === undefined) return own[0];
  const ranked = own
    .map((route) => ({ route, shared: sharedValues(filter, route.filter) }))
    .sort((one, other) => other.shared - one.shared);
  const [best] = ranked;
  // A subscription is a queue's only one on its topic, whatever its filter is.
  return best !== undefined && (best.shared > 0 || best.route.kind === 'subscription') ? best.route : undefined;
}

/** Checks that a consumer dead-letters, by a probe that takes an open way into it, and that SQS does where the consumer dies. */
function checkDeadLetters(consumer: string, ways: readonly CheckedHop[], { queues }: Deployment): CheckedHop[] {
  const found = queues.get(consumer);
  if (found === undefined) return [];
  const { own, dead, pause } = found;
  const to = lettersOf(consumer);
  const redrive = { from: `${consumer} queue`, to, problem: redriveProblem(own.arn, own.queue, dead.arn, dead.queue) };
  // The archive gives nothing up by itself.
  if (consumer === 'archive') return [redrive];
  const open = ways.find(({ problem, probe }) => problem === undefined && probe?.consumer === consumer)?.probe;
  const probe = open && { ...open, from: consumer, to, expect: 'dead-letter' as const };
  const closed = `not tried, because there is no open way into ${consumer}`;
  const problem =
    (own.queue && mappingProblem(consumer, own.queue, pause)) ?? (probe === undefined ? closed : undefined);
  const paused = isPaused(consumer, problem, own.queue, pause);
  return [{ from: consumer, to, problem, paused, ...(probe === undefined ? {} : { probe }) }, redrive];
}

/** Tells whether a hop is not tried because its consumer is paused, and for no other reason. */
const isPaused = (
  consumer: string,
  problem: string | undefined,
  queue: DeployedQueue | undefined,
  pause: Pause | undefined,
): boolean => queue !== undefined && problem !== undefined && problem === pauseProblem(consumer, queue, pause);
