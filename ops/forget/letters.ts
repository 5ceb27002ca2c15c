import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { SQSClient } from '@aws-sdk/client-sqs';
import { toReturningMessage, writeParkedLetter } from '../../lambdas/sweep/parked-letter.ts';
import { findQueues } from '../consumers.ts';
import { originOf } from '../dlq/cause.ts';
import { type DeadLetter, orderIdOf } from '../dlq/dead-letter.ts';
import type { Failures } from '../dlq/letter-receiver.ts';
import { maskAttribute, maskName } from '../dlq/mask.ts';
import { envelopeOf, sendAll } from '../dlq/park.ts';
import { planForParked } from '../dlq/parking-queue.ts';
import { type ExecuteOptions, executePlan, narrowPlan, type Plan, type PlanResult, planFor } from '../dlq/plan.ts';
import { connectQueues, type DeadLetterQueue } from '../dlq/queue.ts';
import { redact } from '../dlq/redact.ts';
import type { ScanOptions } from '../dlq/scan.ts';
import type { DeployedShop } from '../stack.ts';
import { bodyWithoutPerson } from './without-person.ts';

/** The letters of orders, in dead-letter queues and parked: those that name the person, and all that are there. */
export type FoundLetters = { plan: Plan; parkedPlan: Plan; all: readonly DeadLetter[] };

/** Finds the letters of orders, parked ones too. */
export async function findLetters(
  shop: DeployedShop,
  orderIds: ReadonlySet<string>,
  options: Omit<ScanOptions, 'stopAt'>,
): Promise<FoundLetters> {
  const isMeant = (letter: DeadLetter) => orderIds.has(orderIdOf(letter) ?? '');
  const scanning = { awaitInFlight: true, ...options };
  const found = await planFor(connectQueues(shop), isMeant, scanning);
  const parked = narrowPlan(await planForParked(shop, {}, scanning), isMeant);
  return {
    plan: found.map((one) => (one.queue.fifo ? withWholeGroups(one) : withPersonal(one))),
    parkedPlan: parked.map(withPersonal),
    all: [...found, ...parked].flatMap(({ deadLetters }) => deadLetters),
  };
}

/** Narrows letters that were found to those of some orders. */
export const lettersOf = ({ plan, parkedPlan, all }: FoundLetters, orderIds: ReadonlySet<string>): FoundLetters => {
  const isMeant = (letter: DeadLetter) => orderIds.has(orderIdOf(letter) ?? '');
  return { plan: narrowPlan(plan, isMeant), parkedPlan: narrowPlan(parkedPlan, isMeant), all: all.filter(isMeant) };
};

const withPersonal = (one: Plan[number]): Plan[number] => ({
  ...one,
  deadLetters: one.deadLetters.filter(isPersonal),
});

/** Where the letters of an order are in sequence, none of them stays before another that goes to the end. */
function withWholeGroups(one: Plan[number]): Plan[number] {
  const personal = new Set(one.deadLetters.filter(isPersonal).map(orderIdOf));
  return { ...one, deadLetters: one.deadLetters.filter((letter) => personal.has(orderIdOf(letter))) };
}

const isPersonal = (letter: DeadLetter): boolean => {
  const { body, attributes, parked } = letterWithoutPerson(letter);
  return (
    body !== letter.body ||
    parked?.note !== letter.parked?.note ||
    !isDeepStrictEqual(Object.entries(attributes), Object.entries(letter.attributes))
  );
};

/**
 * Rewrites a letter without the person. Of its attributes those stay that say why it failed, and what `dlq show` would show. It can be put back or
 * discarded as before.
 */
export function letterWithoutPerson<
  Letter extends Pick<DeadLetter, 'consumer' | 'body' | 'attributes' | 'system' | 'parked'>,
>(letter: Letter): Letter {
  const { failureAttributes } = originOf(letter);
  const attributes = Object.entries(letter.attributes).flatMap(([name, attribute]) => {
    const { StringValue: text } = attribute;
    if (failureAttributes.includes(name) && text !== undefined) {
      return [[name, MESSAGE.test(name) ? { ...attribute, StringValue: redact(text) } : attribute] as const];
    }
    if (name === 'originalBody' && text !== undefined) {
      return [[name, { ...attribute, StringValue: bodyWithoutPerson(text) }] as const];
    }
    const isShown = text !== undefined && maskName(name) === name && maskAttribute(name, text) === text;
    return isShown ? [[name, attribute] as const] : [];
  });
  const { parked } = letter;
  return {
    ...letter,
    body: bodyWithoutPerson(letter.body),
    attributes: Object.fromEntries(attributes),
    ...(parked === undefined ? {} : { parked: { ...parked, note: parked.note && redact(parked.note) } }),
  };
}

/** The attributes in which another service may have quoted what it refused. */
const MESSAGE = /message|reason/i;

export type RewriteOptions = Pick<ExecuteOptions, 'signal' | 'notify' | 'startedAt'>;

/** How many letters of each order were rewritten, and what became of the others. */
export type RewrittenLetters = PlanResult & { byOrder: Map<string, number> };

/** Puts letters without the person in the place of those with it, in the same dead-letter queues: sent first and deleted after. */
export function rewriteLetters(shop: DeployedShop, plan: Plan, options: RewriteOptions): Promise<RewrittenLetters> {
  const client = new SQSClient(shop.config);
  return rewrite(plan, options, ({ consumer }, letters) => {
    const [{ deadLetterQueueUrl = '' } = {}] = findQueues(shop.outputs, consumer);
    const messages = letters.map((letter) => ({ id: letter.id, ...toReturningMessage({ ...letter, letter }) }));
    return sendAll(client, deadLetterQueueUrl, messages);
  });
}

/** Does the same with parked letters. Each is a letter of its own then, because what is done with one of two copies is done with both. */
export function rewriteParked(shop: DeployedShop, plan: Plan, options: RewriteOptions): Promise<RewrittenLetters> {
  const client = new SQSClient(shop.config);
  const queues = findQueues(shop.outputs);
  return rewrite(plan, options, async ({ consumer }, letters) => {
    const deadLetterQueueUrl = queues.find((one) => one.consumer === consumer)?.deadLetterQueueUrl ?? '';
    const failures: Failures = new Map();
    const messages = letters.flatMap((letter) => {
      const { owner = '', note, link, parkedAt = '' } = letter.parked ?? {};
      const about = { owner, note: note ?? undefined, link: link ?? undefined, parkedAt, deadLetterQueueUrl };
      const body = writeParkedLetter(envelopeOf({ ...letter, id: successorOf(letter.id) }, about));
      if (body !== undefined) return [{ id: letter.id, body, attributes: {} }];
      failures.set(letter.id, 'it does not fit into one message of 1 MiB');
      return [];
    });
    return new Map([...failures, ...(await sendAll(client, shop.output('ParkedLettersQueueUrl'), messages))]);
  });
}

/** Returns the id of the letter that takes another's place: the same after an interruption, so that two of them count as one. */
const successorOf = (id: string): string =>
  createHash('sha256').update(`${id} without person`).digest('hex').slice(0, 32);

async function rewrite(
  plan: Plan,
  options: RewriteOptions,
  send: (queue: DeadLetterQueue, letters: readonly DeadLetter[]) => Promise<Failures>,
): Promise<RewrittenLetters> {
  const byOrder = new Map<string, number>();
  const orders = new Set(plan.flatMap(({ deadLetters }) => deadLetters.map(orderIdOf)));
  const result = await executePlan(
    plan,
    async (queue, letters) => {
      const failures = await send(queue, letters.map(letterWithoutPerson));
      for (const letter of letters) {
        const orderId = orderIdOf(letter) ?? '';
        if (!failures.has(letter.id)) byOrder.set(orderId, (byOrder.get(orderId) ?? 0) + 1);
      }
      return failures;
    },
    { ...options, selects: (letter) => orders.has(orderIdOf(letter)), unread: 'same order' },
  );
  return { ...result, byOrder };
}
