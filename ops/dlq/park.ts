import { SQSClient } from '@aws-sdk/client-sqs';
import { chunkBySize, roundsByKey } from '../../lambdas/runtime/chunk.ts';
import { MAX_BATCH_ENTRIES, MAX_MESSAGE_BYTES, messageBytes } from '../../lambdas/runtime/message-size.ts';
import {
  type ParkedLetter as Envelope,
  toReturningMessage,
  writeParkedLetter,
} from '../../lambdas/sweep/parked-letter.ts';
import { findQueues } from '../consumers.ts';
import type { DeployedShop } from '../stack.ts';
import { type DeadLetter, groupIdOf, type OutgoingMessage } from './dead-letter.ts';
import { OVERTAKING } from './drain.ts';
import { type Failures, failAll } from './letter-receiver.ts';
import { checkParkingNote, type Parked, type ParkingNote } from './parked.ts';
import { noSuchConsumer, planForParked } from './parking-queue.ts';
import {
  type ExecuteOptions,
  executePlan,
  matcherOf,
  narrowPlan,
  type Plan,
  type PlanResult,
  planFor,
  type Selectors,
  unreadMeant,
} from './plan.ts';
import { connectQueues, sendMessages } from './queue.ts';

export type ParkingOptions = {
  /** Ends after the batch it is at; what was received is released. */
  signal?: AbortSignal | undefined;
  /** Called after every batch with how many more were moved. */
  onProgress?: (count: number) => void;
  /** Called with sentences for the operator. */
  notify?: (message: string) => void;
};

/** A dead letter in the parking queue. Its `id`, cause, body and attributes are those of the letter that was parked. */
export type ParkedLetter = DeadLetter & { parked: Parked };

/**
 * Parks the selected dead letters: moves each from its dead-letter queue to the parking queue, sent first and deleted after. Throws a sentence where
 * owner, note or link cannot be taken, before anything is touched. Returns how many were `moved`, and those that `failed` with why: one that does
 * not fit into the parking queue stays where it is. Selects none that is parked already.
 */
export async function parkLetters(
  shop: DeployedShop,
  selectors: Selectors,
  note: ParkingNote,
  { onProgress = () => {}, ...options }: ParkingOptions = {},
): Promise<PlanResult> {
  checkParkingNote(note);
  const startedAt = Date.now();
  const selects = matcherOf(selectors);
  const plan = await planFor(connectQueues(shop, selectors.consumer), selects, { awaitInFlight: true, ...options });
  return parkPlan(shop, plan, note, { startedAt, selects, unread: unreadMeant(selectors), onProgress, ...options });
}

/** Parks planned dead letters, as `parkLetters` does. */
export function parkPlan(
  shop: DeployedShop,
  plan: Plan,
  note: ParkingNote,
  options: ExecuteOptions,
): Promise<PlanResult> {
  const checked = checkParkingNote(note);
  const client = new SQSClient(shop.config);
  const url = shop.output('ParkedLettersQueueUrl');
  const parkedAt = new Date().toISOString();
  return executePlan(
    plan,
    async ({ consumer, final }, deadLetters) => {
      if (final !== undefined) return failAll(deadLetters, final);
      const [{ deadLetterQueueUrl = '' } = {}] = findQueues(shop.outputs, consumer);
      const failures: Failures = new Map();
      const messages = deadLetters.flatMap((deadLetter): OutgoingMessage[] => {
        const body = writeParkedLetter(envelopeOf(deadLetter, { ...checked, parkedAt, deadLetterQueueUrl }));
        if (body !== undefined) return [{ id: deadLetter.id, body, attributes: {} }];
        failures.set(deadLetter.id, TOO_LARGE);
        return [];
      });
      return new Map([...failures, ...(await sendAll(client, url, messages))]);
    },
    options,
  );
}

const TOO_LARGE = 'with its owner, note and link it does not fit into one message of 1 MiB, so it cannot be parked';

/** Builds what is parked of a letter. */
export function envelopeOf(
  { id, consumer, partner, errorType, reason, failedAt, attempts, body, attributes, system }: DeadLetter,
  note: Pick<Envelope, 'parkedAt' | 'deadLetterQueueUrl'> & ParkingNote,
): Envelope {
  const { owner, note: text, link, parkedAt, deadLetterQueueUrl } = note;
  return {
    owner,
    ...(text === undefined ? {} : { note: text }),
    ...(link === undefined ? {} : { link }),
    parkedAt,
    id,
    consumer,
    ...(partner ? { partner } : {}),
    deadLetterQueueUrl,
    errorType,
    reason,
    failedAt,
    ...(attempts === undefined ? {} : { attempts }),
    letter: { body, attributes, system },
  };
}

/**
 * Puts the selected parked letters back into the dead-letter queues they came from, as they were. One that was parked twice is put back once.
 * Returns how many were `moved`, and those that `failed` with why.
 */
export async function unparkLetters(
  shop: DeployedShop,
  selectors: Selectors,
  { onProgress = () => {}, ...options }: ParkingOptions = {},
): Promise<PlanResult> {
  const startedAt = Date.now();
  const plan = await planForParked(shop, selectors, { awaitInFlight: true, ...options });
  return unparkPlan(shop, plan, { startedAt, selects: matcherOf(selectors), unread: 'none', onProgress, ...options });
}

/** Puts planned parked letters back, as `unparkLetters` does. */
export function unparkPlan(shop: DeployedShop, plan: Plan, options: ExecuteOptions): Promise<PlanResult> {
  const client = new SQSClient(shop.config);
  const all = findQueues(shop.outputs);
  return inSequence(plan, (round) =>
    executePlan(
      round,
      async ({ consumer }, letters) => {
        const url = all.find((queues) => queues.consumer === consumer)?.deadLetterQueueUrl;
        if (url === undefined) return failAll(letters, noSuchConsumer(consumer));
        const messages = letters.map((letter) => ({ id: letter.id, ...toReturningMessage({ ...letter, letter }) }));
        return sendAll(client, url, messages);
      },
      options,
    ),
  );
}

/** Sends messages to one queue, in as many calls as they need; returns those that it refused. */
export async function sendAll(client: SQSClient, url: string, messages: readonly OutgoingMessage[]): Promise<Failures> {
  const failures: Failures = new Map();
  const batches = chunkBySize(messages, {
    maxItems: MAX_BATCH_ENTRIES,
    maxBytes: MAX_MESSAGE_BYTES,
    bytesOf: messageBytes,
  });
  for (const batch of batches) {
    for (const [id, why] of await sendMessages(client, url, batch)) failures.set(id, why);
  }
  return failures;
}

/**
 * Runs an operation on parked letters in rounds, because the parking queue gives them in no sequence: those of a message group of a FIFO queue go one
 * after the other as they failed, and none goes once an earlier one stays.
 */
export async function inSequence(plan: Plan, run: (round: Plan) => Promise<PlanResult>): Promise<PlanResult> {
  const result: PlanResult = { moved: 0, total: 0, failed: [], missing: 0, unread: 0 };
  const groupOf = (letter: DeadLetter) =>
    letter.system.SequenceNumber && `${letter.consumer} ${groupIdOf(letter) ?? ''}`;
  const stopped = new Set<string | undefined>();
  const all = plan.flatMap(({ deadLetters }) => deadLetters).sort(bySequence);
  for (const letters of roundsByKey(all, (letter) => groupOf(letter) || undefined)) {
    const overtaking = letters.filter((letter) => stopped.has(groupOf(letter)));
    const going = new Set(letters.filter((letter) => !overtaking.includes(letter)).map(({ id }) => id));
    const { failed, ...counts } = await run(narrowPlan(plan, ({ id }) => going.has(id)));
    result.moved += counts.moved;
    result.total += counts.total + overtaking.length;
    result.missing += counts.missing;
    result.failed.push(...failed, ...overtaking.map(({ id, consumer }) => ({ id, consumer, why: OVERTAKING })));
    for (const letter of letters) if (failed.some(({ id }) => id === letter.id)) stopped.add(groupOf(letter));
    stopped.delete(undefined);
  }
  return result;
}

/** Compares by the sequence in the FIFO queue that they failed in: a number of up to 20 digits. */
function bySequence(one: DeadLetter, other: DeadLetter): number {
  const [first, second] = [one, other].map(({ system }) => BigInt(system.SequenceNumber || 0));
  return first === second ? 0 : (first ?? 0n) < (second ?? 0n) ? -1 : 1;
}

/**
 * Reads the selected parked letters, each once, and leaves them where they are; without selectors all of them. Empty where the deployment is too old
 * to have a parking queue.
 */
export async function readParked(
  shop: DeployedShop,
  selectors: Selectors = {},
  options: Omit<ParkingOptions, 'onProgress'> = {},
): Promise<ParkedLetter[]> {
  const plan = await planForParked(shop, selectors, options);
  return plan.flatMap(({ deadLetters }) => deadLetters.flatMap((one) => asParked(one) ?? []));
}

const asParked = ({ parked, ...deadLetter }: DeadLetter): ParkedLetter | undefined =>
  parked === undefined ? undefined : { ...deadLetter, parked };
