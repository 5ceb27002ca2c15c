import { SQSClient } from '@aws-sdk/client-sqs';
import { chunk } from '../../lambdas/runtime/chunk.ts';
import { MAX_BATCH_ENTRIES } from '../../lambdas/runtime/message-size.ts';
import { readParkedLetter } from '../../lambdas/sweep/parked-letter.ts';
import { findQueues } from '../consumers.ts';
import type { DeployedShop } from '../stack.ts';
import { type DeadLetter, toDeadLetter } from './dead-letter.ts';
import { type Failures, failAll, type LetterReceiver, letterReceiver } from './letter-receiver.ts';
import { isWebAddress } from './parked.ts';
import { matcherOf, type Plan, type QueuePlan, type Selectors } from './plan.ts';
import { connectQueues, type DeadLetterQueue } from './queue.ts';
import { type ScanOptions, scan } from './scan.ts';

/** How the parking queue is called where a queue has its consumer's name. */
const PARKING = 'the parking queue';
const DAY_MS = 86_400_000;

/** The URL of the parking queue; `undefined` where the deployment is too old to have one. */
const parkingQueueUrl = ({ outputs }: Pick<DeployedShop, 'outputs'>): string | undefined =>
  outputs.ParkedLettersQueueUrl;

/** Connects to the parking queue, whose letters are those of all consumers; `undefined` where there is none. */
function connectParking(shop: DeployedShop): DeadLetterQueue | undefined {
  const url = parkingQueueUrl(shop);
  if (url === undefined) return undefined;
  const queues = { consumer: PARKING, queueUrl: url, deadLetterQueueUrl: url };
  const receiver = parkedLetters(letterReceiver(queues, new SQSClient(shop.config)), Number(shop.output('ParkedDays')));
  return { ...receiver, send: async (messages) => failAll(messages, 'a letter is never sent there') };
}

/** Connects to all queues that hold dead letters. The parking queue comes first: of a letter in two of them, the one in its dead-letter queue counts. */
export function connectAllQueues(shop: DeployedShop): DeadLetterQueue[] {
  const parking = connectParking(shop);
  return [...(parking === undefined ? [] : [parking]), ...connectQueues(shop)];
}

/** A message of the parking queue: the newest receipt of it, and whether it is in flight here. */
type Copy = { message: DeadLetter; inFlight: boolean };

/**
 * Receives the letters in the messages of the parking queue. A letter that was parked twice is in two messages: it counts as one, and whatever is done
 * with it is done with both. A message that is no parked letter counts as none.
 */
export function parkedLetters(raw: LetterReceiver, parkedDays: number): LetterReceiver {
  const copiesByLetter = new Map<string, Map<string, Copy>>();
  const unreadable = new Set<string>();
  const copiesOf = ({ id }: { id: string }) => [...(copiesByLetter.get(id)?.values() ?? [])];
  const open = (message: DeadLetter): DeadLetter[] => {
    const letter = openLetter(message, parkedDays);
    if (letter === undefined) {
      unreadable.add(message.id);
      return [];
    }
    const copies = copiesByLetter.get(letter.id) ?? new Map<string, Copy>();
    copiesByLetter.set(letter.id, copies.set(message.id, { message, inFlight: true }));
    return [letter];
  };
  const callFor = async (
    letters: readonly DeadLetter[],
    isMeant: (copy: Copy) => boolean,
    call: (messages: readonly DeadLetter[]) => Promise<Failures>,
  ) => {
    const meant = letters.flatMap(({ id }) =>
      copiesOf({ id })
        .filter(isMeant)
        .map((copy) => ({ id, copy })),
    );
    const failures: Failures = new Map();
    for (const batch of chunk(meant, MAX_BATCH_ENTRIES)) {
      const failed = await call(batch.map(({ copy }) => copy.message));
      for (const { id, copy } of batch) {
        const why = failed.get(copy.message.id);
        if (why !== undefined) failures.set(id, why);
      }
    }
    return failures;
  };

  return {
    ...raw,
    async depth() {
      const { waiting, inFlight } = await raw.depth();
      let [spareWaiting, spareInFlight] = [0, unreadable.size];
      for (const id of copiesByLetter.keys()) {
        const copies = copiesOf({ id });
        const held = Math.max(0, copies.filter((copy) => copy.inFlight).length - 1);
        spareInFlight += held;
        spareWaiting += copies.length - 1 - held;
      }
      return { waiting: Math.max(0, waiting - spareWaiting), inFlight: Math.max(0, inFlight - spareInFlight) };
    },
    async receive(maxMessages, seconds) {
      const letters = (await raw.receive(maxMessages, seconds)).flatMap(open);
      return [...new Map(letters.map((letter) => [letter.id, letter])).values()];
    },
    async changeVisibility(letters, seconds) {
      const isInFlight = ({ inFlight }: Copy) => inFlight;
      const failures = await callFor(letters, isInFlight, (messages) => raw.changeVisibility(messages, seconds));
      if (seconds === 0) for (const copy of letters.flatMap(copiesOf)) copy.inFlight = false;
      return failures;
    },
    async remove(letters) {
      const failures = await callFor(
        letters,
        () => true,
        (messages) => raw.remove(messages),
      );
      for (const { id } of letters) if (!failures.has(id)) copiesByLetter.delete(id);
      return failures;
    },
  };
}

/** Reads the letter in a message of the parking queue; `undefined` where there is none. */
function openLetter({ body, receiptHandle }: DeadLetter, parkedDays: number): DeadLetter | undefined {
  const read = readParkedLetter(body);
  if (read === undefined) return undefined;
  const { id, consumer, partner, owner, note = null, parkedAt, letter } = read;
  // Whoever may send to the queue wrote it: a browser must not follow anything else.
  const link = read.link !== undefined && isWebAddress(read.link) ? read.link : null;
  const expiresAt = new Date(Date.parse(parkedAt) + parkedDays * DAY_MS).toISOString();
  const received = { id, consumer, ...(partner && { partner }), ...letter, receiptHandle };
  return { ...toDeadLetter(received), parked: { owner, note, link, parkedAt, expiresAt } };
}

/**
 * Scans the parking queue and returns the letters that are selected, by their consumer: as a plan, whose queues receive from the parking queue and send
 * to the consumer's own. Empty where there is no parking queue.
 */
export async function planForParked(
  shop: DeployedShop,
  selectors: Selectors = {},
  options: Omit<ScanOptions, 'stopAt'> = {},
): Promise<Plan> {
  const parking = connectParking(shop);
  if (parking === undefined) return [];
  const { deadLetters, ...unseen } = await scan(parking, options);
  const consumers = Map.groupBy(deadLetters.filter(matcherOf(selectors)), ({ consumer }) => consumer);
  const byConsumer = [...consumers].map(
    ([consumer, letters]): QueuePlan => ({
      queue: { ...parking, consumer, send: senderFor(shop, consumer) },
      deadLetters: letters,
      inFlight: 0,
      behind: 0,
    }),
  );
  // What nobody could receive may be anybody's.
  return [{ queue: parking, deadLetters: [], ...unseen }, ...byConsumer];
}

/** Returns what sends to a consumer's own queue; a consumer may be gone while letters of it are parked. */
function senderFor(shop: DeployedShop, consumer: string): DeadLetterQueue['send'] {
  const isThere = findQueues(shop.outputs).some((queues) => queues.consumer === consumer);
  const [queue] = isThere ? connectQueues(shop, consumer) : [];
  return queue?.send ?? (async (messages) => failAll(messages, noSuchConsumer(consumer)));
}

/** Says why a parked letter can go nowhere. */
export const noSuchConsumer = (consumer: string): string =>
  `the stack has no ${consumer} any more, so the letter can only be discarded`;
