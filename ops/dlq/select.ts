import { alike } from './group.ts';
import type { Letter } from './letter.ts';

/** Which letters a command is about; several selectors narrow each other. */
export type Selectors = { all?: boolean; consumer?: string; reason?: string; id?: string };

/** Takes selectors and gives the test for a letter that they select; none select every letter. */
export function selected({ consumer, reason, id }: Selectors): (letter: Letter) => boolean {
  const wanted = reason?.toLowerCase();
  return (letter) =>
    (consumer === undefined || letter.consumer === consumer) &&
    (id === undefined || letter.id === id) &&
    (wanted === undefined ||
      [letter.errorType, letter.reason, alike(letter.reason), `${letter.errorType}: ${letter.reason}`].some((text) =>
        text.toLowerCase().includes(wanted),
      ));
}

/** Throws a sentence where selectors say nothing, or two things at once. */
export function checkSelectors({ all, consumer, reason, id }: Selectors, needed: boolean): void {
  const named = [consumer, reason, id].some((one) => one !== undefined);
  if ([consumer, reason, id].some((one) => one?.trim() === '')) throw new Error('A selector must not be empty.');
  if (all && named) throw new Error('Say either --all or which ones, not both.');
  if (needed && !all && !named) {
    throw new Error('Say which dead letters: --all, --consumer <name>, --reason <text> or --id <messageId>.');
  }
}

/** The queues of one consumer. */
export type ConsumerQueues = { consumer: string; queueUrl: string; deadLetterQueueUrl: string };

/** Takes the stack's outputs and gives the queues of every consumer in them, or of the one that is named. */
export function consumersIn(outputs: Readonly<Record<string, string>>, named?: string): ConsumerQueues[] {
  const found = Object.entries(outputs).flatMap(([output, deadLetterQueueUrl]) => {
    const name = /^(.+)DeadLetterQueueUrl$/.exec(output)?.[1];
    const queueUrl = name && outputs[`${name}QueueUrl`];
    if (!name || !queueUrl) return [];
    return [{ consumer: `${name.charAt(0).toLowerCase()}${name.slice(1)}`, queueUrl, deadLetterQueueUrl }];
  });
  if (named === undefined) return found;
  const chosen = found.filter(({ consumer }) => consumer === named);
  if (chosen.length > 0) return chosen;
  const known = found.map(({ consumer }) => consumer).sort();
  throw new Error(`There is no consumer ${named}; the consumers are ${known.join(', ')}.`);
}
