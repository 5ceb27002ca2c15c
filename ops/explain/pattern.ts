/** Whether a message passes a filter; `depends` where the answer hangs on what is not known of the message. */
export type Verdict = 'yes' | 'no' | 'depends';

/** A verdict with what speaks against a yes, a sentence each; none where it is `yes`. */
export type Match = { verdict: Verdict; why: string[] };

/** A message or event as a filter sees it; `partial` where more may be in it than is known. */
export type Subject = { value: unknown; partial: boolean };

// What else is in a message may be a phone number or a token, so a reason names its place only.
const QUOTABLE = new Set(['type', 'source', 'detail-type', 'detail.type', 'detail.source']);

/**
 * Takes an SNS filter policy or an EventBridge pattern (they share their language) and what it is applied to, and gives the
 * verdict. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 */
export function match(pattern: unknown, subject: Subject, path: readonly string[] = []): Match {
  if (Array.isArray(pattern)) return leaf(pattern, subject, path.join('.'));
  const parts = Object.entries(object(pattern)).map(([key, sub]) => {
    if (key === '$or' && Array.isArray(sub)) return any(sub.map((one) => match(one, subject, path)));
    const inner = object(subject.value)[key];
    return match(sub, { ...subject, value: inner }, [...path, key]);
  });
  return all(parts);
}

function all(parts: readonly Match[]): Match {
  const verdict = (['no', 'depends'] as const).find((one) => parts.some((part) => part.verdict === one)) ?? 'yes';
  return { verdict, why: parts.filter((part) => part.verdict === verdict).flatMap(({ why }) => why) };
}

function any(parts: readonly Match[]): Match {
  const verdict = (['yes', 'depends'] as const).find((one) => parts.some((part) => part.verdict === one)) ?? 'no';
  return { verdict, why: parts.filter((part) => part.verdict === verdict).flatMap(({ why }) => why) };
}

function leaf(conditions: readonly unknown[], { value, partial }: Subject, path: string): Match {
  const wanted = alternatives(conditions);
  if (value === undefined && partial) return { verdict: 'depends', why: [`on ${path}, which must be ${wanted}`] };
  const values: unknown[] = Array.isArray(value) && value.length > 0 ? value : [value];
  const results = conditions.flatMap((condition) => values.map((one) => holds(condition, one)));
  if (results.includes(true)) return { verdict: 'yes', why: [] };
  const unknown = results.includes(undefined);
  if (unknown) return { verdict: 'depends', why: [`on ${path}, whose condition ${wanted} is not evaluated here`] };
  const found = value === undefined ? 'is missing' : QUOTABLE.has(path) ? `is ${JSON.stringify(value)}` : 'is not';
  return { verdict: 'no', why: [found === 'is not' ? `${path} is not ${wanted}` : `${path} ${found}, not ${wanted}`] };
}

/** Whether one value fulfils one condition; `undefined` for a condition that is not known here. */
function holds(condition: unknown, value: unknown): boolean | undefined {
  if (typeof condition !== 'object' || condition === null) return condition === value;
  const [operator, operand] = Object.entries(condition)[0] ?? ['', undefined];
  if (operator === 'exists') return (value !== undefined) === operand;
  if (operator === 'anything-but') {
    if (value === undefined) return false;
    const refused = [operand].flat().map((one) => holds(one, value));
    return refused.includes(undefined) ? undefined : !refused.includes(true);
  }
  if (operator === 'numeric' && Array.isArray(operand)) return typeof value === 'number' && within(operand, value);
  if (typeof operand === 'object' && operand !== null) {
    const folded = object(operand)['equals-ignore-case'];
    if (typeof folded !== 'string' || typeof value !== 'string') return folded === undefined ? undefined : false;
    return holds({ [operator]: folded.toLowerCase() }, value.toLowerCase());
  }
  if (typeof operand !== 'string') return undefined;
  const text = typeof value === 'string' ? value : undefined;
  switch (operator) {
    case 'prefix':
      return text?.startsWith(operand) ?? false;
    case 'suffix':
      return text?.endsWith(operand) ?? false;
    case 'equals-ignore-case':
      return text?.toLowerCase() === operand.toLowerCase();
    case 'wildcard':
      return text !== undefined && wildcard(operand).test(text);
    default:
      return undefined;
  }
}

function within(bounds: readonly unknown[], value: number): boolean | undefined {
  let inside: boolean | undefined = true;
  for (let index = 0; index < bounds.length; index += 2) {
    const bound = Number(bounds[index + 1]);
    const tests: Record<string, boolean> = {
      '=': value === bound,
      '<': value < bound,
      '<=': value <= bound,
      '>': value > bound,
      '>=': value >= bound,
    };
    const test = tests[String(bounds[index])];
    if (test === undefined) return undefined;
    inside = inside && test;
  }
  return inside;
}

const wildcard = (pattern: string) =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
    's',
  );

// Beyond a few, a list says less than its length.
const MOST_NAMED = 4;
const alternatives = (conditions: readonly unknown[]): string => {
  const rest = conditions.length - MOST_NAMED;
  const named = conditions.slice(0, MOST_NAMED).map(written).join(' or ');
  return rest > 0 ? `${named} or ${rest} more` : named;
};

const written = (condition: unknown): string => {
  if (typeof condition !== 'object' || condition === null) return JSON.stringify(condition);
  const [operator = '', operand] = Object.entries(condition)[0] ?? [];
  if (operator === 'exists') return operand ? 'there' : 'missing';
  return `${operator} ${JSON.stringify(operand)}`;
};

const object = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
