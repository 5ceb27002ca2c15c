import { applyEdit } from './apply-edit.ts';
import { type DeadLetter, messageKeyOf, originalMessage } from './dead-letter.ts';
import { openEnvelopes } from './envelope.ts';
import type { Plan } from './plan.ts';
import { problemsFor, withEditedBody } from './redrive.ts';

/** Has one text edited; `undefined` if nothing was changed. `title` says whose it is. */
export type Edit = (body: string, title: string) => Promise<string | undefined>;

/**
 * Has the planned dead letters edited, one message after the other: all that hold the same event are edited at once, as the bare event.
 * Returns the bodies to send, by the id of the dead letter. Throws if an edited body breaks the contract of one of its consumers (unless `force`),
 * which it names, or no longer fits a message.
 */
export async function editBodies(
  plan: Plan,
  edit: Edit,
  { force = false }: { force?: boolean | undefined } = {},
): Promise<Map<string, string>> {
  const bodies = new Map<string, string>();
  const messages = Map.groupBy(
    plan.flatMap(({ deadLetters }) => deadLetters),
    messageKeyOf,
  );
  for (const deadLetters of messages.values()) {
    const edited = await editMessage(deadLetters, edit);
    if (!force) refuseBroken(edited);
    for (const { deadLetter, body } of edited) {
      // Fails at once, and not after the operator has confirmed, if it does not fit.
      withEditedBody(originalMessage(deadLetter), body);
      bodies.set(deadLetter.id, body);
    }
  }
  return bodies;
}

type EditedLetter = { deadLetter: DeadLetter; body: string };

/** Has the event that dead letters share edited, and puts it into each of their bodies: what differs between these is white space and envelopes. */
async function editMessage(deadLetters: readonly DeadLetter[], edit: Edit): Promise<EditedLetter[]> {
  const opened = deadLetters.map((deadLetter) => ({ deadLetter, ...openEnvelopes(originalMessage(deadLetter).body) }));
  const [first] = opened;
  const edited = first && (await edit(first.event, titleOf(deadLetters)));
  if (edited === undefined) return [];
  return opened.map(({ deadLetter, event, wrap }) => ({ deadLetter, body: wrap(applyEdit(event, edited) ?? edited) }));
}

/** `payment, stock: 5fea7756-…` */
const titleOf = (deadLetters: readonly DeadLetter[]): string =>
  `${deadLetters.map(({ consumer }) => consumer).join(', ')}: ${deadLetters[0]?.id ?? ''}`;

function refuseBroken(edited: readonly EditedLetter[]): void {
  const refusals = edited.flatMap(({ deadLetter, body }) => {
    const { consumer, id } = deadLetter;
    const problems = problemsFor(deadLetter, body);
    return problems.length === 0 ? [] : [`${consumer} would refuse the edited body of ${id}: ${problems.join('; ')}.`];
  });
  if (refusals.length > 0) {
    throw new Error(`${refusals.join(' ')} Nothing was moved; --force sends it all the same.`);
  }
}
