import { catalog } from '../../contracts/catalog.ts';
import type { EventContract } from '../../contracts/cloud-event.ts';
import { ContractError, formatProblem, parseEvent } from '../../contracts/parse.ts';
import { contractsOn } from '../../infra/filters.ts';
import type { Route } from '../../infra/route.ts';
import { routing } from '../../infra/routing.ts';
import { chunkBySize } from '../../lambdas/runtime/chunk.ts';
import {
  MAX_BATCH_ENTRIES,
  MAX_MESSAGE_ATTRIBUTES,
  MAX_MESSAGE_BYTES,
  messageBytes,
} from '../../lambdas/runtime/message-size.ts';
import { readReplayed } from '../../lambdas/runtime/replay-envelope.ts';
import { readEnvelope } from '../../lambdas/webhooks/envelope.ts';
import { pacer } from '../pacer.ts';
import { type DeadLetter, type OutgoingMessage, originalMessage } from './dead-letter.ts';
import { parseJson } from './json-text.ts';
import type { Failures } from './letter-receiver.ts';
import { type ExecuteOptions, executePlan, type Plan, type PlanResult } from './plan.ts';
import type { DeadLetterQueue } from './queue.ts';

export type RedriveOptions = ExecuteOptions & {
  /** Messages a second, all queues together. */
  rate: number;
  /** Bodies to send instead of the original ones, by dead letter id. */
  editedBodies?: ReadonlyMap<string, string> | undefined;
  /** Called after each call that sent some, with what became of each. */
  onSent?: (sent: readonly SentLetter[]) => void;
};

/** A dead letter that was sent back as `body`: the id of the message it became, or why it could not be sent. */
export type SentLetter = { deadLetter: DeadLetter; body: string; edited: boolean } & (
  | { messageId: string }
  | { why: string }
);

/** Moves planned dead letters back, each to the one queue it failed in: sent first and deleted after. */
export function redrive(
  plan: Plan,
  { rate, editedBodies, onSent = () => {}, ...options }: RedriveOptions,
): Promise<PlanResult> {
  const pace = pacer(rate);
  const outgoing = (deadLetter: DeadLetter) => {
    const message = originalMessage(deadLetter);
    const body = editedBodies?.get(deadLetter.id);
    return body === undefined ? message : withEditedBody(message, body);
  };

  const send = async (queue: DeadLetterQueue, deadLetters: readonly DeadLetter[]): Promise<Failures> => {
    const failures: Failures = new Map();
    const batches = chunkBySize(deadLetters.map(outgoing), {
      maxItems: MAX_BATCH_ENTRIES,
      maxBytes: MAX_MESSAGE_BYTES,
      bytesOf: messageBytes,
    });
    const byId = new Map(deadLetters.map((deadLetter) => [deadLetter.id, deadLetter]));
    for (const batch of batches) {
      await pace(batch.length);
      const messageIds = new Map<string, string>();
      const refused = await queue.send(batch, (id, messageId) => messageIds.set(id, messageId));
      for (const [id, why] of refused) failures.set(id, why);
      onSent(
        batch.flatMap(({ id, body }) => {
          const deadLetter = byId.get(id);
          const why = refused.get(id);
          if (deadLetter === undefined) return [];
          const sent = { deadLetter, body, edited: editedBodies?.has(id) === true };
          return [why === undefined ? { ...sent, messageId: messageIds.get(id) ?? '' } : { ...sent, why }];
        }),
      );
    }
    return failures;
  };

  return executePlan(plan, send, { ...options, prefetch: (queue) => prefetchOf(queue, rate) });
}

/** Returns how many to receive ahead at a rate a second, and for how many seconds nobody else sees them: twice as long as they take. */
export function prefetchOf({ fifo }: Pick<DeadLetterQueue, 'fifo'>, rate: number): { count: number; seconds: number } {
  const count = Math.min(fifo ? 50 : 10, rate * 10);
  return { count, seconds: (fifo ? 30 : 5) + 2 * Math.ceil(count / rate) };
}

/** The attribute that keeps the body from before an operator edited it. */
const ORIGINAL_BODY_ATTRIBUTE = 'originalBody';

/** Replaces the body and keeps the original as an attribute; throws if the message then no longer fits the limits of SQS. */
export function withEditedBody(message: OutgoingMessage, body: string): OutgoingMessage {
  const original = { DataType: 'String', StringValue: message.body };
  // A message that is edited twice keeps its first body.
  const attributes = { [ORIGINAL_BODY_ATTRIBUTE]: original, ...message.attributes };
  if (body === '') throw new Error('The edited body is empty, which SQS does not take: nothing was moved.');
  if (Object.keys(attributes).length > MAX_MESSAGE_ATTRIBUTES) {
    throw new Error(
      `The dead letter has ${MAX_MESSAGE_ATTRIBUTES} attributes already, so its original body cannot be kept.`,
    );
  }
  const edited = { ...message, body, attributes };
  if (messageBytes(edited) > MAX_MESSAGE_BYTES) {
    throw new Error('The edited body and the original do not fit into one message of 1 MiB: nothing was moved.');
  }
  return edited;
}

/** Checks a body against the contracts of whoever a dead letter is of; returns each problem with its path. */
export const problemsFor = (
  { consumer, partner }: Pick<DeadLetter, 'consumer' | 'partner'>,
  body: string,
): readonly string[] => (partner ? partnerProblems(body) : contractProblems(consumer, body));

/** Checks a body against the contracts of its consumer; returns each problem with its path. */
export function contractProblems(
  consumer: string,
  body: string,
  routes: Readonly<Record<string, Route>> = routing,
): readonly string[] {
  if (consumer === 'webhooks') return endpointProblems(body);
  const route = routes[consumer];
  // The contracts of a consumer that is deployed but not in this checkout are unknown.
  if (route === undefined) return parseJson(body) === undefined ? ['body: must be JSON'] : [];
  const replayed = readReplayed(body);
  // Replays of `order` go to the queue of `outcomes`.
  const replays = consumer === 'outcomes' ? [...routing.order.consumes, ...route.consumes] : route.consumes;
  return replayed === undefined ? problemsIn(body, route.consumes) : problemsIn(replayed.body, replays);
}

/** Checks a body that goes to a partner against the contracts of what any partner gets; returns each problem with its path. */
export const partnerProblems = (body: string): readonly string[] =>
  problemsIn(
    body,
    catalog.filter(({ channel }) => channel !== 'topic'),
  );

/** Checks the message of an endpoint; whether the settings name the endpoint is not known here. */
function endpointProblems(body: string): readonly string[] {
  const envelope = readEnvelope(body);
  if (envelope === undefined) return ['body: must be an object of an endpoint and an event'];
  return problemsIn(JSON.stringify(envelope.event), contractsOn('bus', catalog));
}

function problemsIn(body: string, contracts: readonly EventContract[]): readonly string[] {
  try {
    parseEvent(body, contracts);
    return [];
  } catch (error) {
    if (error instanceof ContractError) return error.problems.map(formatProblem);
    throw error;
  }
}
