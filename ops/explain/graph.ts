import type { Channel } from '../../contracts/cloud-event.ts';
import { contractsOn } from '../../infra/filters.ts';
import type { Route } from '../../infra/route.ts';
import { routing } from '../../infra/routing.ts';
import type { MapEdge, MapNode } from '../console/api/map.ts';
import { type ConsumerQueues, findQueues } from '../consumers.ts';
import { queueName } from '../queues.ts';
import type { DeployedRoute } from './deployment.ts';
import { passingTypes, routeProblem } from './explanation.ts';

/** What was read of a deployed stack: its outputs, the routes of each channel, and how many messages are in queues that have no consumer. */
export type GraphReading = {
  outputs: Readonly<Record<string, string>>;
  channels: Readonly<Record<Channel, { at: string; routes: readonly DeployedRoute[] }>>;
  messages: ReadonlyMap<string, number>;
};

type Graph = { nodes: MapNode[]; edges: MapEdge[] };

const CHANNEL_NODES = {
  topic: { id: 'topic', kind: 'topic', name: 'orders topic' },
  lifecycle: { id: 'feed', kind: 'feed', name: 'lifecycle feed' },
  bus: { id: 'bus', kind: 'bus', name: 'bus' },
} as const satisfies Record<Channel, MapNode>;

const PARKING: MapNode = { id: 'parked', kind: 'parking-queue', name: 'parking queue' };

/** Builds the graph of a deployed stack: who publishes, where to, the ways from there, and every queue that a message may be in. */
export function buildGraph({ outputs, channels, messages }: GraphReading): Graph {
  const queues = findQueues(outputs).sort(byName);
  const known = knownQueues(outputs);
  const letterQueues = deadLetterQueuesOf(outputs, queues, messages);
  const parts = [
    publishersOf(outputs),
    { nodes: Object.values(CHANNEL_NODES), edges: [] },
    ...(['topic', 'bus', 'lifecycle'] as const).map((channel) => routesOf(channel, channels[channel], known)),
    ...queues.map(partsOf),
    { nodes: letterQueues.map(({ node }) => node), edges: undeliverableEdges(channels, letterQueues) },
    { nodes: outputs.ParkedLettersQueueUrl === undefined ? [] : [PARKING], edges: [] },
  ];
  const nodes = new Map(parts.flatMap((part) => part.nodes).map((node) => [node.id, node]));
  return { nodes: [...nodes.values()], edges: parts.flatMap((part) => part.edges) };
}

const byName = (one: ConsumerQueues, other: ConsumerQueues) =>
  Number(one.partner ?? false) - Number(other.partner ?? false) || placeOf(one) - placeOf(other);

/** Consumers in the order of an order's way through them, then the archive and what else there is. */
function placeOf({ consumer }: ConsumerQueues): number {
  const place = Object.keys(routing).indexOf(consumer);
  return place === -1 ? Number.MAX_SAFE_INTEGER : place;
}

const edge = (kind: MapEdge['kind'], from: string, to: string, events: readonly string[] = []): MapEdge => ({
  from,
  to,
  kind,
  events,
});

/** The stack does not know who publishes, only that somebody may. */
function publishersOf(outputs: GraphReading['outputs']): Graph {
  const all: [is: boolean, node: MapNode, to: string][] = [
    [true, { id: 'publishers', kind: 'publishers', name: 'your services' }, 'topic'],
    [outputs.IntakeUrl !== undefined, { id: 'intake', kind: 'intake', name: 'intake' }, 'topic'],
    [
      outputs.PaymentReporterPolicyArn !== undefined,
      { id: 'reporters', kind: 'reporters', name: 'payment reporters' },
      'bus',
    ],
    [outputs.SweepFunctionName !== undefined, { id: 'sweep', kind: 'sweep', name: 'sweep', of: 'sweep' }, 'bus'],
  ];
  const present = all.filter(([is]) => is);
  return { nodes: present.map(([, node]) => node), edges: present.map(([, { id }, to]) => edge('publish', id, to)) };
}

/** A consumer with its queue and what it publishes, as its line in `routing.ts` says; or a partner with its queue. */
function partsOf({ consumer, partner }: ConsumerQueues): Graph {
  const queue: MapNode = { id: `queue-${consumer}`, kind: 'queue', name: `${consumer} queue`, of: consumer };
  const reader: MapNode = partner
    ? { id: `partner-${consumer}`, kind: 'partner', name: consumer, of: consumer }
    : { id: `consumer-${consumer}`, kind: 'consumer', name: consumer, of: consumer };
  const { publishes = [] } = new Map<string, Route>(Object.entries(routing)).get(consumer) ?? {};
  const published = (['bus', 'lifecycle'] as const).flatMap((channel) => {
    const types = contractsOn(channel, publishes).map(({ type }) => type);
    return types.length === 0 ? [] : [edge('publish', reader.id, CHANNEL_NODES[channel].id, types)];
  });
  return {
    nodes: [queue, reader],
    edges: [
      edge('receive', queue.id, reader.id),
      edge('dead-letter', queue.id, `dead-letters-${consumer}`),
      ...published,
    ],
  };
}

/** The ways out of a channel: subscriptions are edges, the rules that bring the same queue its events are one node. */
function routesOf(
  channel: Channel,
  { at, routes }: { at: string; routes: readonly DeployedRoute[] },
  known: ReadonlyMap<string, ConsumerQueues>,
): Graph {
  const { id: from } = CHANNEL_NODES[channel];
  const groups = Map.groupBy(routes, (route) =>
    route.kind === 'rule' ? `rules-${receiverOf(route, known)}` : route.arn,
  );
  const found = [...groups.values()].map((same): Graph => {
    const [first] = same;
    if (first === undefined) return { nodes: [], edges: [] };
    const target = targetOf(first, known);
    const ends = endpointOf(first);
    const events = [
      ...new Set(same.flatMap((route) => (route.filter === undefined ? [] : passingTypes(route, channel)))),
    ];
    const problem = same.flatMap((route) => routeProblem(route, at) ?? []).at(0);
    const trouble = problem === undefined ? {} : { problem };
    if (first.kind === 'subscription') {
      return { nodes: target.nodes, edges: [{ ...edge('deliver', from, target.id, events), ...trouble }] };
    }
    const receiver = receiverOf(first, known);
    const name = `${receiver} ${same.length === 1 ? 'rule' : 'rules'}`;
    const rules: MapNode = { id: ruleId(receiver), kind: 'rules', name, ...trouble };
    return {
      nodes: [rules, ...target.nodes, ...ends.nodes],
      edges: [
        edge('deliver', from, rules.id, events),
        { ...edge('deliver', rules.id, target.id, events), ...trouble },
        ...ends.edges,
      ],
    };
  });
  return { nodes: found.flatMap(({ nodes }) => nodes), edges: found.flatMap(({ edges }) => edges) };
}

/** Names the node that a rule is shown in. */
export const ruleNodeId = (route: DeployedRoute, outputs: GraphReading['outputs']): string =>
  ruleId(receiverOf(route, knownQueues(outputs)));

const knownQueues = (outputs: GraphReading['outputs']) =>
  new Map(findQueues(outputs).map((one) => [queueName(one.queueUrl), one]));

const ruleId = (receiver: string) => `rules-${receiver.replaceAll(/[^\w-]+/g, '-').replace(/-$/, '')}`;

/** Names for whom a rule is: `payment`, `webhooks (erp)`, or the name in another ARN. */
function receiverOf({ target, endpoint }: DeployedRoute, known: ReadonlyMap<string, ConsumerQueues>): string {
  const name = known.get(queueName(target))?.consumer ?? queueName(target);
  return endpoint === undefined ? name : `${name} (${endpoint})`;
}

/** Returns the node that a route leads to: a queue of the stack, or one for whatever else it is. */
function targetOf(
  { target }: DeployedRoute,
  known: ReadonlyMap<string, ConsumerQueues>,
): { id: string; nodes: MapNode[] } {
  const queues = known.get(queueName(target));
  if (queues !== undefined) return { id: `queue-${queues.consumer}`, nodes: [] };
  const name = target.startsWith('http') ? new URL(target).host : queueName(target);
  const id = `external-${name.replaceAll(/\W+/g, '-')}`;
  return { id, nodes: [{ id, kind: 'external', name }] };
}

/** An endpoint of webhooks, which is known by the rules that are for it. */
function endpointOf({ endpoint }: DeployedRoute): Graph {
  if (endpoint === undefined) return { nodes: [], edges: [] };
  const node: MapNode = { id: `endpoint-${endpoint}`, kind: 'endpoint', name: endpoint };
  return { nodes: [node], edges: [edge('deliver', 'consumer-webhooks', node.id)] };
}

type LetterQueue = { queue: string; node: MapNode };

/** Every dead-letter queue of the outputs; those that no consumer has keep what could not be delivered, or the runs of the sweep that failed. */
function deadLetterQueuesOf(
  outputs: GraphReading['outputs'],
  queues: readonly ConsumerQueues[],
  messages: GraphReading['messages'],
): LetterQueue[] {
  const own = queues.map(({ consumer, deadLetterQueueUrl }): LetterQueue => {
    const node: MapNode = {
      id: `dead-letters-${consumer}`,
      kind: 'dead-letter-queue',
      name: `${consumer} dead-letter queue`,
      of: consumer,
    };
    return { queue: queueName(deadLetterQueueUrl), node };
  });
  const others = uncountedQueues(outputs).map(({ name, queueUrl }): LetterQueue => {
    const queue = queueName(queueUrl);
    const count = messages.get(queue);
    const counted = count === undefined ? {} : { messages: count };
    const node: MapNode = {
      id: `dead-letters-${name}`,
      kind: 'dead-letter-queue',
      name: `${name.replaceAll('-', ' ')} dead-letter queue`,
      ...counted,
    };
    return { queue, node };
  });
  return [...own, ...others];
}

/** Finds the dead-letter queues that belong to no consumer, which `ops status` counts apart: `sweep`, `archive-undelivered-steps`. */
export function uncountedQueues(outputs: GraphReading['outputs']): { name: string; queueUrl: string }[] {
  const counted = new Set(findQueues(outputs).map(({ deadLetterQueueUrl }) => deadLetterQueueUrl));
  return Object.entries(outputs).flatMap(([output, queueUrl]) => {
    const id = /^(.+)DeadLetterQueueUrl$/.exec(output)?.[1];
    if (id === undefined || counted.has(queueUrl)) return [];
    return [{ name: id.replaceAll(/(?<=.)[A-Z]/g, (letter) => `-${letter}`).toLowerCase(), queueUrl }];
  });
}

/** What cannot be delivered goes to the queue's own dead-letter queue, or to one that only a channel or the sweep leads to. */
function undeliverableEdges(channels: GraphReading['channels'], queues: readonly LetterQueue[]): MapEdge[] {
  const alone = queues.filter(({ node }) => node.of === undefined);
  return alone.flatMap(({ queue, node }) => {
    if (node.id === 'dead-letters-sweep') return [edge('dead-letter', 'sweep', node.id)];
    return (['topic', 'bus', 'lifecycle'] as const)
      .filter((channel) =>
        channels[channel].routes.some(({ undeliverable = '' }) => queueName(undeliverable) === queue),
      )
      .map((channel) => edge('dead-letter', CHANNEL_NODES[channel].id, node.id));
  });
}
