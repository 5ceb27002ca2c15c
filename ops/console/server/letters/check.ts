import { applyEdit } from '../../../dlq/apply-edit.ts';
import { type DeadLetter, originalMessage } from '../../../dlq/dead-letter.ts';
import { openEnvelopes } from '../../../dlq/envelope.ts';
import { problemsFor } from '../../../dlq/redrive.ts';
import type { PlacedProblem } from '../../api/dead-letters.ts';
import { jsonProblem } from './json-problem.ts';
import { changedMask, maskForEditing, unmask } from './masked-event.ts';
import { lineOfPath } from './path-line.ts';

/** Returns the bare event of a letter, without the envelopes it came in. */
export const eventOf = (letter: DeadLetter): string => openEnvelopes(originalMessage(letter).body).event;

/** Finds what is wrong with a letter's message, and where that is in the text that shows it. */
export const problemsOf = (letter: DeadLetter, text: string): PlacedProblem[] =>
  problemsFor(letter, originalMessage(letter).body).map((problem) => place(problem, text));

/**
 * Finds what is wrong with a text that is typed instead of a letter's event, also with half of one: first that it is no JSON, then a mask that was
 * changed, then what breaks the contract of any of the consumers that hold the message.
 */
export function problemsInEdit(typed: string, letters: readonly DeadLetter[]): PlacedProblem[] {
  const broken = jsonProblem(typed);
  if (broken !== undefined) {
    return [
      { ...broken, problem: `This is no JSON yet, line ${broken.line}, column ${broken.column}: ${broken.problem}.` },
    ];
  }
  const [first] = letters;
  const line = first && changedMask(typed, maskForEditing(eventOf(first)));
  if (line !== undefined) return [{ line, problem: CHANGED_MASK }];
  const problems = letters.flatMap((letter) => problemsFor(letter, bodyFrom(typed, letter)));
  return [...new Set(problems)].map((problem) => place(problem, typed));
}

const CHANGED_MASK = 'A masked value was changed: undo that, or write the whole value instead of it.';

/** Makes a letter's body from what was typed: what was masked and not touched is as it was, and so are its envelopes and white space. */
export function bodyFrom(typed: string, letter: DeadLetter): string {
  const { event, wrap } = openEnvelopes(originalMessage(letter).body);
  return wrap(editedEvent(typed, event) ?? event);
}

/** Returns the event with what was changed in its masked text; `undefined` if nothing was. */
export const editedEvent = (typed: string, event: string): string | undefined =>
  applyEdit(event, unmask(typed, maskForEditing(event)));

/** Reads `data.total: is missing`. */
function place(formatted: string, text: string): PlacedProblem {
  const [, path = 'body', problem = formatted] = /^([^\s:]+): (.*)$/s.exec(formatted) ?? [];
  const line = lineOfPath(text, path);
  return { path, problem, ...(line === undefined ? {} : { line }) };
}
