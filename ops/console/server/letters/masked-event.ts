import { endOfValue, isJson, joinTokens, layOut, type Token, tokenize } from '../../../dlq/json-text.ts';
import { maskPersonalData } from '../../../dlq/mask.ts';

/** An event as a person edits it: laid out, with what may be personal masked, each mask once; `originals` has what each stands for. */
export type MaskedEvent = { event: string; text: string; originals: ReadonlyMap<string, string> };

/** Masks an event so that what was not touched can be put back, wherever it was moved to. Of an event that is no JSON nothing is shown: `text` is empty. */
export function maskForEditing(event: string): MaskedEvent {
  if (!isJson(event)) return { event, text: '', originals: new Map() };
  const { tokens, end } = tokenize(event);
  const used = new Set(tokens.map(({ text }) => text));
  const originals = new Map<string, string>();
  const masked: Token[] = [];
  let index = 0;
  for (const token of tokenize(maskPersonalData(event)).tokens) {
    const next = token.text === tokens[index]?.text ? index + 1 : endOfValue(tokens, index);
    const isShown = token.text === tokens[index]?.text;
    const text = isShown ? token.text : unusedMask(token.text, used);
    if (!isShown) originals.set(text, joinTokens({ tokens: withoutSpace(tokens.slice(index, next)), end: '' }));
    masked.push({ ...token, text });
    index = next;
  }
  return { event, text: layOut(joinTokens({ tokens: masked, end })), originals };
}

function unusedMask(mask: string, used: Set<string>): string {
  const words = String(JSON.parse(mask));
  let text = mask;
  for (let count = 2; used.has(text); count += 1) text = JSON.stringify(`${words} (${count})`);
  used.add(text);
  return text;
}

const withoutSpace = ([first, ...rest]: readonly Token[]): Token[] => (first ? [{ ...first, space: '' }, ...rest] : []);

/** Puts back what the masks of an edited text stand for. */
export function unmask(edited: string, { originals }: MaskedEvent): string {
  const { tokens, end } = tokenize(edited);
  return joinTokens({
    tokens: tokens.map((token) => ({ ...token, text: originals.get(token.text) ?? token.text })),
    end,
  });
}

const MASK = /… (?:text|number|boolean|object|list|name)\b/;

/** Tells where, counted from 1, an edited text has a mask that stands for nothing any more, because it was changed. */
export function changedMask(edited: string, { event, originals }: MaskedEvent): number | undefined {
  let line = 1;
  for (const { space, text } of tokenize(edited).tokens) {
    line += space.split('\n').length - 1;
    if (MASK.test(text) && !originals.has(text) && !event.includes(text)) return line;
    line += text.split('\n').length - 1;
  }
  return undefined;
}
