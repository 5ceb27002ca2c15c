/** Whether a message passes a filter; `depends` where that depends on fields or conditions that are not known here. */
export type Verdict = 'yes' | 'no' | 'depends';

/** A verdict with its reasons, one phrase each; none for `yes`. */
export type Match = { verdict: Verdict; why: string[] };

/** What a filter is applied to; `partial` where only some fields are known. */
export type Subject = { value: unknown; partial: boolean };

// Other values may be personal (a phone number, a token), so a reason names their path only.
const QUOTABLE = new Set(['type', 'source', 'detail-type', 'detail.type', 'detail.source']);

/**
 * Applies an SNS filter policy or an EventBridge pattern, which share their operators
 * (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html).
 */
export function matchPattern(pattern: unknown, subject: Subject, path: readonly string[] = []): Match {
  if (Array.isArray(pattern)) return matchValue(pattern, subject, path.join('.'));
  const parts = Object.entries(asRecord(pattern)).map(([key, sub]) => {
    if (key === '$or' && Array.isArray(sub)) return matchAny(sub.map((one) => matchPattern(one, subject, path)));
    const inner = asRecord(subject.value)[key];
    return matchPattern(sub, { ...subject, value: inner }, [...path, key]);
  });
  return matchAll(parts);
}

function matchAll(parts: readonly Match[]): Match {
  const verdict = (['no', 'depends'] as const).find((one) => parts.some((part) => part.verdict === one)) ?? 'yes';
  return { verdict, why: parts.filter((part) => part.verdict === verdict).flatMap(({ why }) => why) };
}

function matchAny(parts: readonly Match[]): Match {
  const verdict = (['yes', 'depends'] as const).find((one) => parts.some((part) => part.verdict === one)) ?? 'no';
  return { verdict, why: parts.filter((part) => part.verdict === verdict).flatMap(({ why }) => why) };
}

function matchValue(conditions: readonly unknown[], { value, partial }: Subject, path: string): Match {
  const wanted = formatConditions(conditions);
  if (value === undefined && partial) return { verdict: 'depends', why: [`on ${path}, which must be ${wanted}`] };
  const values: unknown[] = Array.isArray(value) && value.length > 0 ? value : [value];
  const results = conditions.flatMap((condition) => values.map((one) => meetsCondition(condition, one)));
  if (results.includes(true)) return { verdict: 'yes', why: [] };
  const unknown = results.includes(undefined);
  if (unknown) return { verdict: 'depends', why: [`on ${path}, whose condition ${wanted} is not evaluated here`] };
  const found = value === undefined ? 'is missing' : QUOTABLE.has(path) ? `is ${JSON.stringify(value)}` : 'is not';
  return { verdict: 'no', why: [found === 'is not' ? `${path} is not ${wanted}` : `${path} ${found}, not ${wanted}`] };
}

/** Tests one value against one condition; `undefined` for an unknown operator. */
function meetsCondition(condition: unknown, value: unknown): boolean | undefined {
  if (typeof condition !== 'object' || condition === null) return condition === value;
  const [operator, operand] = Object.entries(condition)[0] ?? ['', undefined];
  if (operator === 'exists') return (value !== undefined) === operand;
  if (operator === 'anything-but') return differsFromAll([operand].flat(), value);
  if (operator === 'numeric' && Array.isArray(operand)) return typeof value === 'number' && inRange(operand, value);
  return meetsTextCondition(operator, operand, value);
}

function differsFromAll(excluded: readonly unknown[], value: unknown): boolean | undefined {
  if (value === undefined) return false;
  const results = excluded.map((one) => meetsCondition(one, value));
  return results.includes(undefined) ? undefined : !results.includes(true);
}

const textOperators = new Map<string, (value: string, operand: string) => boolean>([
  ['prefix', (value, operand) => value.startsWith(operand)],
  ['suffix', (value, operand) => value.endsWith(operand)],
  ['equals-ignore-case', (value, operand) => value.toLowerCase() === operand.toLowerCase()],
  ['wildcard', (value, operand) => wildcardRegExp(operand).test(value)],
]);

function meetsTextCondition(operator: string, operand: unknown, value: unknown): boolean | undefined {
  if (typeof operand === 'object' && operand !== null) {
    const folded = asRecord(operand)['equals-ignore-case'];
    if (typeof folded !== 'string' || typeof value !== 'string') return folded === undefined ? undefined : false;
    return meetsTextCondition(operator, folded.toLowerCase(), value.toLowerCase());
  }
  const test = textOperators.get(operator);
  if (test === undefined || typeof operand !== 'string') return undefined;
  return typeof value === 'string' && test(value, operand);
}

function inRange(bounds: readonly unknown[], value: number): boolean | undefined {
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

/** Returns a regular expression for a pattern in which `*` stands for any characters. */
export const wildcardRegExp = (pattern: string) =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
    's',
  );

const MAX_LISTED = 4;
const formatConditions = (conditions: readonly unknown[]): string => {
  const rest = conditions.length - MAX_LISTED;
  const named = conditions.slice(0, MAX_LISTED).map(formatCondition).join(' or ');
  return rest > 0 ? `${named} or ${rest} more` : named;
};

const formatCondition = (condition: unknown): string => {
  if (typeof condition !== 'object' || condition === null) return JSON.stringify(condition);
  const [operator = '', operand] = Object.entries(condition)[0] ?? [];
  if (operator === 'exists') return operand ? 'there' : 'missing';
  return `${operator} ${JSON.stringify(operand)}`;
};

const asRecord = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
