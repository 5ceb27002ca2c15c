import { type DeadLetter, messageKeyOf, orderIdOf } from '../../../dlq/dead-letter.ts';
import { groupingKey } from '../../../dlq/group.ts';
import type { UnreadMeant } from '../../../dlq/plan.ts';
import { redactId } from '../../../dlq/redact.ts';
import type { Selection } from '../../api/dead-letters.ts';

type Test = (letter: DeadLetter) => boolean;

/** Returns the test for the letters of a selection; `found` has those that it may name. Throws where nothing is selected. */
export function testFor(selection: Selection, found: readonly DeadLetter[]): Test {
  const { all, consumer, errorType, reason, order, like, ids } = selection;
  const tests: (Test | undefined)[] = [
    consumer === undefined ? undefined : (letter) => letter.consumer === consumer,
    errorType === undefined ? undefined : (letter) => letter.errorType === errorType,
    reason === undefined ? undefined : sameReason(reason, found),
    order === undefined ? undefined : (letter) => isOf(order, letter),
    like === undefined ? undefined : sameMessage(like, found),
    ids === undefined ? undefined : ofIds(ids),
  ];
  const given = tests.filter((test) => test !== undefined);
  if (given.length === 0 && !all)
    throw new Error('Say which dead letters: all, or a consumer, a reason, an order, or ids.');
  return (letter) => given.every((test) => test(letter));
}

/** Returns what a selection says of letters that nobody could read yet, behind others of their order. */
export function unreadMeantBy({ errorType, reason, order, like, ids }: Selection): UnreadMeant {
  if (ids !== undefined || like !== undefined) return 'none';
  if (errorType !== undefined || reason !== undefined) return 'matching';
  return order === undefined ? 'all' : 'same order';
}

const ofIds = (ids: readonly string[]): Test => {
  const wanted = new Set(ids);
  return ({ id }) => wanted.has(id);
};

/** An order is named as it is shown, which an id that looks like a phone number is not. */
function isOf(order: string, letter: DeadLetter): boolean {
  const orderId = orderIdOf(letter);
  return orderId !== undefined && (orderId === order || redactId(orderId) === order);
}

/** A group's reason is that of all its letters, or what they have in common; a page keeps the one it was opened with while letters come and go. */
function sameReason(reason: string, found: readonly DeadLetter[]): Test {
  const keyOf = (letter: DeadLetter) => groupingKey(letter.reason, orderIdOf(letter));
  const keys = new Set([reason, groupingKey(reason)]);
  for (const letter of found) if (letter.reason === reason) keys.add(keyOf(letter));
  return (letter) => keys.has(keyOf(letter));
}

function sameMessage(id: string, found: readonly DeadLetter[]): Test {
  const one = found.find((letter) => letter.id === id);
  if (one === undefined) return () => false;
  const key = messageKeyOf(one);
  return (letter) => messageKeyOf(letter) === key;
}
