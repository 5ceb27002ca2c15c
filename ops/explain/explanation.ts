import { catalog } from '../../contracts/catalog.ts';
import type { Channel, EventContract } from '../../contracts/cloud-event.ts';
import { ContractError, parseEvent } from '../../contracts/parse.ts';
import type { DeployedQueue, DeployedRoute } from './deployment.ts';
import { type Match, match, type Subject } from './pattern.ts';
import { denialReason } from './permission.ts';

/** What is asked about: an event type, or a whole message, whose body may be anything. */
export type Question = { type: string | undefined; body?: string | undefined };

/** What a consumer makes of a message: whether it understands it, and what is wrong with it where it does not. */
export type Validation = { accepts: boolean; problems: string[] };

/** One way, what becomes of the message on it, and why. */
export type Route = Pick<DeployedRoute, 'kind' | 'name' | 'arn' | 'filter' | 'undeliverable'> & {
  /** The consumer's name, or the ARN or address at the end of the way. */
  to: string;
  gets: Match['verdict'];
  why: string[];
  queue: string | undefined;
  permission: 'granted' | 'missing' | undefined;
  functions: DeployedQueue['functions'];
  deadLetters: DeployedQueue['deadLetters'];
  reception: Validation | undefined;
};

export type Explanation = {
  type: string | undefined;
  /** Whether there is such an event. */
  known: boolean;
  means: string | undefined;
  channel: Channel;
  at: string;
  /** Whether the message keeps its contract; absent where no message was given. */
  contract?: Validation;
  routes: Route[];
};

/** Takes a body and gives its event type, if there is one in it. */
export function typeIn(body: string): string | undefined {
  const message = parsed(body);
  const type = typeof message === 'object' && message !== null && 'type' in message ? message.type : undefined;
  return typeof type === 'string' ? type : undefined;
}

/** The contract of a type, if there is one. */
export const contractOf = (type: string | undefined): EventContract | undefined =>
  catalog.find((contract) => contract.type === type);

/**
 * Takes a question, the ways out of a channel as they are deployed, and who the consumers are (by the name of their queue),
 * with what each understands, and gives what becomes of the message on each way.
 */
export function explain(
  { type, body }: Question,
  { channel, at, ways }: { channel: Channel; at: string; ways: readonly DeployedRoute[] },
  consumers: ReadonlyMap<string, { name: string; contracts: readonly EventContract[] | undefined }>,
): Explanation {
  const contract = contractOf(type);
  const routes = ways.map((way): Route => {
    const queue = way.target.split(':')[2] === 'sqs' ? way.target.split(':').at(-1) : undefined;
    const consumer = queue === undefined ? undefined : consumers.get(queue);
    const passes = passage(way, subjectOf(way, type, body, contract));
    const obstacle = passes.verdict === 'no' ? undefined : obstacleOn(way, queue, at);
    const reachable = obstacle === undefined ? passes : { verdict: 'no' as const, why: [obstacle] };
    const { kind, name, arn, filter } = way;
    return {
      to: consumer?.name ?? way.target,
      gets: reachable.verdict,
      why: reachable.why,
      kind,
      name,
      arn,
      filter,
      queue,
      permission: way.queue && (hindranceOn(way, at) === undefined ? 'granted' : 'missing'),
      functions: way.queue?.functions ?? [],
      undeliverable: shortened(way.undeliverable),
      deadLetters: way.queue?.deadLetters && {
        ...way.queue.deadLetters,
        queue: shortened(way.queue.deadLetters.queue) ?? '',
      },
      reception:
        reachable.verdict === 'no' || consumer?.contracts === undefined
          ? undefined
          : reception({ type, body }, consumer.contracts),
    };
  });
  const order = { yes: 0, depends: 1, no: 2 };
  routes.sort((one, other) => order[one.gets] - order[other.gets] || (one.to < other.to ? -1 : 1));
  const means = contract?.description;
  const kept = body === undefined ? {} : { contract: reception({ type, body }, catalog) };
  return { type, known: contract !== undefined, means, channel, at, ...kept, routes };
}

function passage(way: DeployedRoute, subject: Subject | undefined): Match {
  if (!way.enabled) return { verdict: 'no', why: [`the ${way.kind} is switched off or was never confirmed`] };
  if (way.filter === undefined) {
    return way.kind === 'rule' ? { verdict: 'no', why: ['the rule runs on a schedule'] } : { verdict: 'yes', why: [] };
  }
  if (subject === undefined)
    return { verdict: 'no', why: ['the body is no JSON object, which a filter cannot look into'] };
  return match(way.filter, subject);
}

/** What a filter looks at: the body, no attributes (our publishers send none), or the body in EventBridge's envelope. */
function subjectOf(
  way: DeployedRoute,
  type: string | undefined,
  body: string | undefined,
  contract: EventContract | undefined,
): Subject | undefined {
  if (way.scope === 'attributes') return { value: {}, partial: false };
  const partial = body === undefined;
  const source = contract?.source;
  const message = partial ? { type, ...(source === undefined ? {} : { source }) } : parsed(body);
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return undefined;
  if (way.scope === 'body') return { value: message, partial };
  const from = 'source' in message ? { source: message.source } : {};
  return { value: { ...from, 'detail-type': type, detail: message }, partial };
}

const hindranceOn = (way: DeployedRoute, at: string) =>
  way.kind === 'rule' ? denialReason(way.queue?.policy, 'events', way.arn) : denialReason(way.queue?.policy, 'sns', at);

function obstacleOn(way: DeployedRoute, queue: string | undefined, at: string): string | undefined {
  if (queue === undefined) return undefined;
  const found = way.queue === undefined ? 'its queue is gone' : hindranceOn(way, at);
  if (found === undefined) return undefined;
  const instead = shortened(way.undeliverable);
  return `${found}: ${instead === undefined ? 'the message is lost, for there is no dead-letter queue' : `it goes to ${instead}`}`;
}

function reception({ type, body }: Question, contracts: readonly EventContract[]): Validation {
  // Of a type alone nothing more can be said than whether it is understood.
  if (body === undefined && contracts.some((one) => one.type === type)) return { accepts: true, problems: [] };
  try {
    parseEvent(body ?? JSON.stringify({ type }), contracts);
    return { accepts: true, problems: [] };
  } catch (error) {
    if (!(error instanceof ContractError)) throw error;
    return { accepts: false, problems: [...error.problems] };
  }
}

const shortened = (arn: string | undefined) => arn?.split(':').at(-1);

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
