import { endOfValue, isJson, memberRange, type Token, tokenize } from '../../../dlq/json-text.ts';
import { placeOf } from './json-problem.ts';

/**
 * Finds the line, counted from 1, on which a JSON text has what a problem's path names: `data.items[0].quantity`. Of what is missing, the line of
 * the innermost object or list that should have it. `undefined` where the text is no JSON or the path is that of the whole body.
 */
export function lineOfPath(text: string, path: string): number | undefined {
  if (path === 'body' || !isJson(text)) return undefined;
  const { tokens } = tokenize(text);
  let start = tokens[0]?.text === '\uFEFF' ? 1 : 0;
  for (const step of path.match(/[^.[\]]+/g) ?? []) {
    const next = enter(tokens, start, step);
    if (next === undefined) break;
    start = next;
  }
  return placeOf(text, positionOf(tokens, start)).line;
}

/** Returns the index of the token with which a member or an item begins. */
function enter(tokens: readonly Token[], start: number, step: string): number | undefined {
  const end = endOfValue(tokens, start);
  if (tokens[start]?.text === '{') {
    const range = memberRange(tokens.slice(start, end), step);
    return range === undefined ? undefined : start + range.start;
  }
  if (tokens[start]?.text !== '[' || !/^\d+$/.test(step)) return undefined;
  let item = start + 1;
  for (let count = Number(step); count > 0 && item < end - 1; count -= 1) item = endOfValue(tokens, item) + 1;
  return item < end - 1 ? item : undefined;
}

/** Returns where a token begins, behind its white space. */
function positionOf(tokens: readonly Token[], index: number): number {
  const before = tokens.slice(0, index).reduce((sum, { space, text }) => sum + space.length + text.length, 0);
  return before + (tokens[index]?.space.length ?? 0);
}
