import { ContractError, unwrapBody } from '../../contracts/parse.ts';
import { plural } from '../format.ts';
import { endOfValue, isClosing, isJson, isOpening, joinTokens, type Token, tokenize } from './json-text.ts';
import { type Field, type Fields, SHOWN } from './shown-fields.ts';

const ROOT: Field = { members: () => SHOWN };

/**
 * Masks what may be personal in a message body: everything but the known members that are not. What is masked is told by its kind and length.
 * Nothing else is changed: the spelling of what is shown stays. Of a body that is no JSON only its size and what is wrong is told.
 */
export function maskPersonalData(body: string): string {
  if (!isJson(body)) return describeUnreadable(body);
  const { tokens, end } = tokenize(body);
  return joinTokens({ tokens: new Masker(tokens).mask(), end });
}

/** Masks the value of a message attribute, unless it is a known member that is not personal. */
export function maskAttribute(name: string, value: string): string {
  if (name === 'originalBody') return maskPersonalData(value);
  const field = own(SHOWN, name);
  return field !== undefined && 'shows' in field && field.shows(value)
    ? value
    : `… text of ${plural(value.length, 'character')}`;
}

/** Shows the name of a member or an attribute as far as it is a plain word: a name may be data, too. */
export const maskName = (name: string): string =>
  PLAIN_NAME.test(name) ? name : `… name of ${plural(name.length, 'character')}`;

const PLAIN_NAME = /^(?:[A-Za-z_$][A-Za-z_$.-]{0,39}\d{0,2})$/;

/** What is open around a token: an object by its known members, or a list by what each of its items is. */
type Level = { fields: Fields } | { items: Field | undefined };

/** Goes through the tokens of JSON, and keeps where it is; without recursion, because a body may be nested as deep as it is long. */
class Masker {
  private readonly tokens: readonly Token[];
  private readonly levels: Level[] = [{ items: ROOT }];
  private member: Field | undefined;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  mask(): Token[] {
    const masked: Token[] = [];
    for (let index = 0; index < this.tokens.length; ) {
      const { token, next } = this.isBetweenValues(index) ? this.passOver(index) : this.maskValueAt(index);
      masked.push(token);
      index = next;
    }
    return masked;
  }

  private tokenAt = (index: number): Token => this.tokens[index] ?? { text: '', space: '' };

  private isBetweenValues(index: number): boolean {
    const { text } = this.tokenAt(index);
    return SIGNS.has(text) || isClosing(text) || this.tokenAt(index + 1).text === ':';
  }

  private passOver(index: number) {
    const token = this.tokenAt(index);
    if (isClosing(token.text)) this.levels.pop();
    if (SIGNS.has(token.text) || isClosing(token.text)) return { token, next: index + 1 };
    const level = this.levels.at(-1);
    this.member = level && 'fields' in level ? own(level.fields, String(JSON.parse(token.text))) : undefined;
    return { token: this.member === undefined ? maskSpelledName(token) : token, next: index + 1 };
  }

  private maskValueAt(index: number) {
    const token = this.tokenAt(index);
    const level = this.levels.at(-1);
    const field = level && 'items' in level ? level.items : this.member;
    const inner = levelWithin(token, field);
    if (inner !== undefined) {
      this.levels.push(inner);
      return { token, next: index + 1 };
    }
    const next = endOfValue(this.tokens, index);
    return { token: { ...token, text: maskValue(this.tokens.slice(index, next), field) }, next };
  }
}

const SIGNS = new Set([':', ',', '\uFEFF']);

/** Returns what is known of the members or items behind an opening bracket; `undefined` where the value is masked as a whole. */
function levelWithin({ text }: Token, field: Field | undefined): Level | undefined {
  if (!isOpening(text) || field === undefined || !('members' in field)) return undefined;
  return text === '{' ? { fields: field.members() } : { items: field };
}

const own = (fields: Fields, name: string): Field | undefined =>
  Object.hasOwn(fields, name) ? fields[name] : undefined;

function maskSpelledName(token: Token): Token {
  const name = String(JSON.parse(token.text));
  return maskName(name) === name ? token : { ...token, text: JSON.stringify(maskName(name)) };
}

/** Masks the tokens of a value, unless it is one that its field shows. */
function maskValue(tokens: readonly Token[], field: Field | undefined): string {
  const [{ text: first } = { text: 'null' }] = tokens;
  if (isOpening(first)) return JSON.stringify(describeContainer(first, tokens));
  const value: unknown = JSON.parse(first);
  if (value === null) return first;
  const text = typeof value === 'string' ? value : first;
  if (field !== undefined && 'shows' in field && field.shows(text)) return first;
  if (field !== undefined && 'json' in field && typeof value === 'string') {
    return JSON.stringify(maskPersonalData(value));
  }
  const kind = typeof value === 'string' ? 'text' : typeof value;
  return JSON.stringify(kind === 'boolean' ? '… boolean' : `… ${kind} of ${plural(text.length, 'character')}`);
}

function describeContainer(first: string, tokens: readonly Token[]): string {
  let open = 0;
  let commas = 0;
  for (const { text } of tokens) {
    if (isOpening(text)) open += 1;
    if (isClosing(text)) open -= 1;
    if (text === ',' && open === 1) commas += 1;
  }
  const size = tokens.length === 2 ? 0 : commas + 1;
  return first === '{' ? `… object of ${plural(size, 'member')}` : `… list of ${plural(size, 'item')}`;
}

/** Tells of a body that is no JSON how large it is and what is wrong with it first, without quoting it. */
function describeUnreadable(body: string): string {
  const position = jsonErrorPosition(body.replace(/^\uFEFF/, ''));
  const where = position === undefined ? '' : `, first at character ${position}`;
  return `… ${plural(Buffer.byteLength(body), 'byte')} of no JSON${where}${contractProblem(body)}`;
}

function contractProblem(body: string): string {
  try {
    unwrapBody(body);
    return '';
  } catch (error) {
    return error instanceof ContractError ? `: ${error.problems[0]?.problem}` : '';
  }
}

/** Reads from the parser's error where JSON breaks; `undefined` where the parser does not say. */
function jsonErrorPosition(text: string): number | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    const [, position] = /at position (\d+)/.exec(error instanceof Error ? error.message : '') ?? [];
    return position === undefined ? undefined : Number(position);
  }
}
