import { tryParse } from '../../../../contracts/parse.ts';
import { isClosing, isOpening, tokenize } from '../../../dlq/json-text.ts';

/** Where a text stops being JSON, counted from 1, and what is expected there. */
export type JsonProblem = { problem: string; line: number; column: number };

type State = 'value' | 'value or end' | 'name' | 'name or end' | 'colon' | 'comma or end' | 'over';

const EXPECTED: Readonly<Record<Exclude<State, 'comma or end'>, string>> = {
  value: 'a value is expected',
  'value or end': 'a value or ] is expected',
  name: 'a name in double quotes is expected',
  'name or end': 'a name in double quotes or } is expected',
  colon: 'a colon is expected after the name',
  over: 'nothing may follow the end',
};

/** Finds the first place at which a text is no JSON; `undefined` where it is. The sentence quotes nothing of the text. */
export function jsonProblem(text: string): JsonProblem | undefined {
  const reader = new JsonReader();
  let position = 0;
  for (const { space, text: token } of tokenize(text).tokens) {
    position += space.length;
    const isMark = token === '\uFEFF' && position === 0;
    const problem = isMark ? undefined : reader.read(token);
    if (problem !== undefined) return { problem, ...placeOf(text, position) };
    position += token.length;
  }
  const problem = reader.end();
  return problem === undefined ? undefined : { problem, ...placeOf(text, position) };
}

/** Counts lines and columns from 1. */
export function placeOf(text: string, position: number): { line: number; column: number } {
  const before = text.slice(0, position).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

/** Reads JSON token by token, without recursion: a text may be nested as deep as it is long. */
class JsonReader {
  private readonly open: string[] = [];
  private state: State = 'value';

  /** Returns what is wrong with a token where it stands. */
  read(token: string): string | undefined {
    switch (this.state) {
      case 'name':
      case 'name or end':
        return this.readName(token, this.state);
      case 'colon':
        return this.readColon(token);
      case 'comma or end':
        return this.readComma(token);
      case 'over':
        return EXPECTED.over;
      default:
        return this.readValue(token, this.state);
    }
  }

  /** Returns what is missing at the end of the text. */
  end(): string | undefined {
    if (this.state === 'over') return undefined;
    const closing = this.open.at(-1) === '{' ? '}' : ']';
    return `it ends too early: ${this.state === 'comma or end' ? `${closing} is expected` : EXPECTED[this.state]}`;
  }

  private readValue(token: string, state: 'value' | 'value or end'): string | undefined {
    if (isOpening(token)) {
      this.open.push(token);
      this.state = token === '{' ? 'name or end' : 'value or end';
      return undefined;
    }
    if (token === ']' && state === 'value or end') return this.close(token);
    if (token.startsWith('"')) return wrongText(token) ?? this.endValue();
    return tryParse(token) === undefined ? EXPECTED[state] : this.endValue();
  }

  private readName(token: string, state: 'name' | 'name or end'): string | undefined {
    if (token === '}' && state === 'name or end') return this.close(token);
    if (!token.startsWith('"')) return EXPECTED[state];
    this.state = 'colon';
    return wrongText(token);
  }

  private readColon(token: string): string | undefined {
    this.state = 'value';
    return token === ':' ? undefined : EXPECTED.colon;
  }

  private readComma(token: string): string | undefined {
    if (isClosing(token)) return this.close(token);
    const opening = this.open.at(-1);
    this.state = opening === '{' ? 'name' : 'value';
    return token === ',' ? undefined : `a comma or ${opening === '{' ? '}' : ']'} is expected`;
  }

  private close(token: string): string | undefined {
    const opening = this.open.pop();
    const isPair = (opening === '{') === (token === '}');
    return isPair ? this.endValue() : `${opening === '{' ? '}' : ']'} is expected, not ${token}`;
  }

  private endValue(): undefined {
    this.state = this.open.length === 0 ? 'over' : 'comma or end';
  }
}

function wrongText(token: string): string | undefined {
  if (tryParse(token) !== undefined) return undefined;
  const isClosed = token.length > 1 && token.endsWith('"') && !token.includes('\n');
  return isClosed
    ? 'this text has a character or an escape that JSON does not allow'
    : 'the text that begins here is not closed on its line';
}
