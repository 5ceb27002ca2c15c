import { catalog } from '../../contracts/catalog.ts';
import type { Channel, EventContract } from '../../contracts/cloud-event.ts';
import {
  ContractError,
  formatProblem,
  parseEvent,
  tryParse,
  unwrapBody,
  type Wrapping,
} from '../../contracts/parse.ts';
import { contractsOn, withoutProbes } from '../../infra/filters.ts';
import { isProbeType } from '../../lambdas/runtime/probe.ts';
import { didYouMean, nearest } from '../nearest.ts';
import type { DeployedQueue, DeployedRoute } from './deployment.ts';
import { type Match, matchPattern, type Subject } from './pattern.ts';
import { denialReason } from './permission.ts';

/** What to explain: an event type, or a whole message, whose body may be anything; `bareOrder` where it was an order without an event around it. */
export type Question = { type: string | undefined; body?: string | undefined; bareOrder?: true };

/** Whether a consumer accepts a message, and the problems where it does not. */
export type Validation = { accepts: boolean; problems: string[] };

/** A deployed route, whether the message passes it, and why not. */
export type ExplainedRoute = Pick<
  DeployedRoute,
  'kind' | 'name' | 'arn' | 'filter' | 'undeliverable' | 'unreadable'
> & {
  /** The name of a consumer, with that of the endpoint whom the event is for, or of a partner, or the ARN or address of any other target. */
  to: string;
  /** Its queue is a partner's, whose own service reads it. */
  partner?: true;
  gets: Match['verdict'];
  why: string[];
  queue: string | undefined;
  permission: 'granted' | 'missing' | undefined;
  functions: DeployedQueue['functions'];
  deadLetters: DeployedQueue['deadLetters'];
  /** Absent where the message does not arrive, or the consumer is unknown here. */
  reception: Validation | undefined;
};

export type Explanation = {
  type: string | undefined;
  /** Whether a contract has this type. */
  known: boolean;
  /** Of a type that no contract has, the one that may be meant. */
  nearest?: string;
  /** The message was an order without an event around it, and is explained as `ops place` sends it. */
  bareOrder?: true;
  means: string | undefined;
  channel: Channel;
  /** The topic's ARN or the bus's name. */
  at: string;
  /** Absent where no message was given. */
  contract?: Validation;
  /** What consumers take the event out of; absent where the body is bare. */
  wrappings?: Wrapping[];
  routes: ExplainedRoute[];
  /** Consumers that read the event in another version only, or that nothing deployed brings it. */
  notReady: { consumer: string; why: string }[];
};

/** The deployed consumers and partners by queue name; the contracts are those of this checkout, because a queue does not know them. */
export type Consumers = ReadonlyMap<
  string,
  { name: string; contracts: readonly EventContract[] | undefined; partner?: true }
>;

/** Reads the event type of a message body, also in an envelope; `undefined` for what is not JSON or has no type. */
export function eventTypeOf(body: string): string | undefined {
  const type = unwrap(body)?.message.type;
  return typeof type === 'string' ? type : undefined;
}

function unwrap(body: string) {
  try {
    return unwrapBody(body);
  } catch (error) {
    if (error instanceof ContractError) return undefined;
    throw error;
  }
}

export const contractOf = (type: string | undefined): EventContract | undefined =>
  catalog.find((contract) => contract.type === type);

/** Returns the channel of an event: that of its contract, or else of another version of it. */
export const channelOf = (type: string | undefined): Channel =>
  (contractOf(type) ?? otherVersionsOf(type, catalog)[0])?.channel ?? 'topic';

/** Lists the other versions of an event among contracts; `shop.order.placed.v1` is one of `shop.order.placed.v2`. */
function otherVersionsOf(type: string | undefined, contracts: readonly EventContract[]): EventContract[] {
  const event = eventName(type);
  return contracts.filter((contract) => contract.type !== type && eventName(contract.type) === event);
}

const eventName = (type: string | undefined) => type?.replace(/\.v\d+$/, '');

/** Explains what happens to a message on each deployed route of a channel; routes that pass it come first. */
export function explainRoutes(
  question: Question,
  { channel, at, routes }: { channel: Channel; at: string; routes: readonly DeployedRoute[] },
  consumers: Consumers,
): Explanation {
  const { type, body, bareOrder } = question;
  const contract = contractOf(type);
  const explained = routes.map((route) => explainRoute(question, route, at, consumers));
  const order = { yes: 0, depends: 1, no: 2 };
  explained.sort((one, other) => order[one.gets] - order[other.gets] || (one.to < other.to ? -1 : 1));
  const validation = body === undefined ? {} : { contract: validate(question, catalog) };
  const known = contract !== undefined;
  const wrappings = body === undefined ? [] : (unwrap(body)?.wrappings ?? []);
  const wrapped = wrappings.length === 0 ? {} : { wrappings };
  const means = contract?.description;
  const notReady = readersNotReady(type, explained, consumers);
  const near = known || type === undefined ? undefined : nearest(type, TYPES);
  return {
    type,
    known,
    ...(near === undefined ? {} : { nearest: near }),
    ...(bareOrder ? { bareOrder } : {}),
    means,
    channel,
    at,
    ...validation,
    ...wrapped,
    routes: explained,
    notReady,
  };
}

const TYPES = catalog.map(({ type }) => type);

/** Says in a sentence why nobody takes the message, or an event of the type; `undefined` where that is no reason. A probe is no event. */
export function refusalOf({ type, known, contract }: Explanation): string | undefined {
  if (isProbeType(type)) return undefined;
  if (!known && type !== undefined)
    return `No contract has the type ${type}.${didYouMean(type, TYPES)} Known types: ${TYPES.join(', ')}.`;
  return contract?.accepts === false ? `The message breaks its contract: ${contract.problems.join('; ')}.` : undefined;
}

/** Lists the consumers that should read an event and do not yet: its sender has to wait for them. */
function readersNotReady(
  type: string | undefined,
  routes: readonly ExplainedRoute[],
  consumers: Consumers,
): Explanation['notReady'] {
  return [...consumers.values()].flatMap(({ name: consumer, contracts = [] }) => {
    if (contracts.every((contract) => contract.type !== type)) {
      const others = otherVersionsOf(type, contracts).map((contract) => contract.type);
      return others.length === 0 ? [] : [{ consumer, why: `reads ${others.join(' and ')}, and not ${type}` }];
    }
    const own = routes.filter(({ to }) => to === consumer);
    if (own.some(({ gets }) => gets !== 'no')) return [];
    const reasons = own.flatMap(({ why }) => why);
    return [{ consumer, why: `reads it, and does not get it: ${reasons.join('; ') || 'no route leads to its queue'}` }];
  });
}

function explainRoute(question: Question, route: DeployedRoute, at: string, consumers: Consumers): ExplainedRoute {
  const { kind, name, arn } = route;
  const filter = isProbeType(question.type) ? route.filter : withoutProbes(route.filter);
  const queue = queueOf(route);
  const consumer = queue === undefined ? undefined : consumers.get(queue);
  const filtered = filterMatch({ ...route, filter }, filterSubject(route, question));
  const problem = filtered.verdict === 'no' ? undefined : deliveryProblem(route, queue, at);
  const { verdict, why } = problem === undefined ? filtered : { verdict: 'no' as const, why: [problem] };
  const deadLetters = route.queue?.deadLetters;
  const contracts = verdict === 'no' ? undefined : consumer?.contracts;
  return {
    to: receiverOf(route, consumer?.name),
    ...(consumer?.partner ? { partner: true } : {}),
    gets: verdict,
    why,
    kind,
    name,
    arn,
    filter,
    queue,
    ...(route.unreadable === undefined ? {} : { unreadable: route.unreadable }),
    permission: route.queue && (denialReasonOf(route, at) === undefined ? 'granted' : 'missing'),
    functions: route.queue?.functions ?? [],
    undeliverable: nameInArn(route.undeliverable),
    deadLetters: deadLetters && { ...deadLetters, queue: nameInArn(deadLetters.queue) ?? '' },
    reception: contracts && validate(question, contracts),
  };
}

/** Names who receives: a consumer, `webhooks (erp)`, or the ARN or address of any other target. */
function receiverOf({ target, endpoint }: DeployedRoute, consumer: string | undefined): string {
  if (consumer === undefined) return target;
  return endpoint === undefined ? consumer : `${consumer} (${endpoint})`;
}

const notEnabled = ({ kind }: DeployedRoute) => `the ${kind} is switched off or was never confirmed`;

/** Says why nothing that passes a route's filter arrives, in a sentence; `undefined` where it does. */
export const routeProblem = (route: DeployedRoute, at: string): string | undefined =>
  route.enabled ? deliveryProblem(route, queueOf(route), at) : notEnabled(route);

/** Lists the types of the events of a route's channel that pass its filter, or may. */
export function passingTypes(route: DeployedRoute, channel: Channel): string[] {
  const filter = withoutProbes(route.filter);
  return contractsOn(channel, catalog)
    .map(({ type }) => type)
    .filter(
      (type) => filterMatch({ ...route, filter, enabled: true }, filterSubject(route, { type })).verdict !== 'no',
    );
}

const queueOf = ({ target }: DeployedRoute) => (target.split(':')[2] === 'sqs' ? nameInArn(target) : undefined);

function filterMatch(route: DeployedRoute, subject: Subject | undefined): Match {
  if (!route.enabled) return { verdict: 'no', why: [notEnabled(route)] };
  if (route.filter === undefined) {
    return route.kind === 'rule'
      ? { verdict: 'no', why: ['the rule runs on a schedule'] }
      : { verdict: 'yes', why: [] };
  }
  if (subject === undefined)
    return { verdict: 'no', why: ['the body is not a JSON object, so no filter on it matches'] };
  return matchPattern(route.filter, subject);
}

/** Returns what a filter is applied to: the body, no attributes (our publishers send none), or the body in EventBridge's envelope. */
function filterSubject(route: DeployedRoute, { type, body }: Question): Subject | undefined {
  if (route.scope === 'attributes') return { value: {}, partial: false };
  const partial = body === undefined;
  const source = contractOf(type)?.source;
  const message = partial ? { type, ...(source === undefined ? {} : { source }) } : tryParse(body);
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return undefined;
  if (route.scope === 'body') return { value: message, partial };
  // It was given as EventBridge delivers it.
  if ('detail-type' in message) return { value: message, partial };
  const from = 'source' in message ? { source: message.source } : {};
  return { value: { ...from, 'detail-type': type, detail: message }, partial };
}

const denialReasonOf = (route: DeployedRoute, at: string) =>
  route.kind === 'rule'
    ? denialReason(route.queue?.policy, 'events', route.arn)
    : denialReason(route.queue?.policy, 'sns', at);

function deliveryProblem(route: DeployedRoute, queue: string | undefined, at: string): string | undefined {
  if (queue === undefined) return undefined;
  if (route.unreadable !== undefined) return undefined;
  const reason = route.queue === undefined ? 'its queue is gone' : denialReasonOf(route, at);
  if (reason === undefined) return undefined;
  const deadLetterQueue = nameInArn(route.undeliverable);
  const result = deadLetterQueue
    ? `it goes to ${deadLetterQueue}`
    : 'the message is lost, there is no dead-letter queue';
  return `${reason}: ${result}`;
}

function validate({ type, body }: Question, contracts: readonly EventContract[]): Validation {
  // A type alone can only be known or unknown.
  if (body === undefined && contracts.some((contract) => contract.type === type))
    return { accepts: true, problems: [] };
  try {
    parseEvent(body ?? JSON.stringify({ type }), contracts);
    return { accepts: true, problems: [] };
  } catch (error) {
    if (!(error instanceof ContractError)) throw error;
    return { accepts: false, problems: error.problems.map(formatProblem) };
  }
}

const nameInArn = (arn: string | undefined) => arn?.split(':').at(-1);
