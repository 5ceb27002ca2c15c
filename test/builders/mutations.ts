import fc from 'fast-check';

type Path = readonly (string | number)[];

/** Lists the path of every value within a JSON value. */
function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [];
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return keys.flatMap((key) => [[...path, key], ...pathsOf(valueAt(value, [key]), [...path, key])]);
}

const valueAt = (root: unknown, path: Path) =>
  path.reduce((at, key) => (at as Record<string | number, unknown>)[key], root);

const LENGTHS = [20, 35, 40, 64, 100, 128, 200, 256, 512].flatMap((limit) => [limit, limit + 1]);

const TEXTS = [
  ...['', ' ', 'a b', ' a', 'a\u00a0', '\u3000a', '\ufeffa', 'a\tb', 'a\n', '#1029', "o'1", '`', '의자 01', '\ud800'],
  ...['1.0', '0.3', 'token', 'captured', 'awaited', 'shipping', 'KRW', 'krw', 'customer', 'CONFIRMED', '00-ab-cd-01'],
  ...['application/json; charset=utf-8', 'text/plain', 'application/cloudevents+json'],
  ...['a', '😀'].flatMap((unit) => LENGTHS.map((length) => unit.repeat(length))),
];

const TIMES = [
  ...['2026-11-26T09:00:00Z', '2026-11-26t09:00:00.123456789z', '2016-12-31T23:59:60Z', '2026-11-26T23:59:60+05:00'],
  ...['2026-02-31T09:00:00Z', '2026-02-29T09:00:00Z', '2026-11-26T24:00:00Z', '2026-11-26T09:60:00Z'],
  ...['2026-11-26T09:00:61Z', '2026-11-26 09:00:00Z', '2026-11-26T09:00:00', '2026-11-26T09:00:00+09'],
  ...['2026-11-26T09:00:00+24:00', '0000-01-01T00:00:00Z', '9999-12-31T23:59:59-01:00', '2026-11-26T09:00:00.Z'],
];

const LIMITS = [0, 1, 100_000, 50_000_000, 1e12, -1e12, 2 ** 53 - 1];
const NUMBERS = [...LIMITS.flatMap((limit) => [limit - 1, limit, limit + 1]), 1.5, 1e300];

const ANYTHING = [null, true, false, [], {}, [null], [{}], { amount: null }, 7, 'text'];

/** Lists values just inside and just outside of the rules for values like this one, and values of other types. */
function replacementsOf(value: unknown): unknown[] {
  if (typeof value === 'number') return [...NUMBERS, ...ANYTHING];
  if (typeof value !== 'string') return ANYTHING;
  return [...(/^\d{4}-/.test(value) ? TIMES : TEXTS), ...ANYTHING];
}

/** Returns every copy of a JSON value in which one member is removed or has another value. */
export function* singleMutationsOf<T extends object>(value: T): Generator<T> {
  for (const path of pathsOf(value)) {
    yield withChange(value, path, undefined);
    for (const replacement of replacementsOf(valueAt(value, path))) yield withChange(value, path, replacement);
  }
}

/** Generates copies of a JSON value in which one to three members are removed or have other values. */
export const mutationsOf = <T extends object>(value: T): fc.Arbitrary<T> =>
  fc.integer({ min: 1, max: 3 }).chain((count) => mutate(value, count));

function mutate<T extends object>(value: T, count: number): fc.Arbitrary<T> {
  const paths = pathsOf(value);
  if (count === 0 || paths.length === 0) return fc.constant(value);
  return fc
    .constantFrom(...paths)
    .chain((path) =>
      fc
        .oneof(fc.constantFrom(undefined, ...replacementsOf(valueAt(value, path))), fc.jsonValue())
        .map((replacement) => withChange(value, path, replacement)),
    )
    .chain((changed) => mutate(changed, count - 1));
}

/** Copies `root`; an undefined replacement removes the member. */
function withChange<T extends object>(root: T, path: Path, replacement: unknown): T {
  const copy = structuredClone(root);
  const holder = valueAt(copy, path.slice(0, -1));
  const key = path.at(-1) ?? '';
  if (replacement !== undefined) (holder as Record<string | number, unknown>)[key] = structuredClone(replacement);
  else if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else delete (holder as Record<string | number, unknown>)[key];
  return copy;
}
