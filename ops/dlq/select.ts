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
