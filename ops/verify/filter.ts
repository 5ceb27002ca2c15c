import { isDeepStrictEqual } from 'node:util';
import { PROBE_SOURCE } from '../../lambdas/runtime/probe.ts';

/** Returns how a deployed filter differs from the expected one, whatever the order of its values; `undefined` where it does not. */
export function filterDifference(expected: unknown, deployed: unknown): string | undefined {
  if (isDeepStrictEqual(sorted(expected), sorted(deployed))) return undefined;
  if (expected === undefined) return 'it has a filter, though everything should pass';
  if (deployed === undefined) return 'it has no filter';
  const [wanted, found] = [textsIn(expected), textsIn(deployed)];
  const missing = wanted.filter((text) => !found.includes(text));
  const surplus = found.filter((text) => !wanted.includes(text));
  if (missing.length === 0 && surplus.length === 0) return 'its filter has another form';
  return [
    ...(missing.length === 0 ? [] : [`its filter lacks ${missing.join(', ')}`]),
    ...(surplus.length === 0 ? [] : [`its filter has ${surplus.join(', ')} as well`]),
  ].join(' and ');
}

/** Counts the values that two filters share: which of a queue's rules is meant, where one was changed. */
export function sharedValues(one: unknown, other: unknown): number {
  const texts = textsIn(other);
  return textsIn(one).filter((text) => text !== PROBE_SOURCE && texts.includes(text)).length;
}

const textsIn = (filter: unknown): string[] => [
  ...new Set(
    typeof filter === 'string'
      ? [filter]
      : typeof filter === 'object' && filter !== null
        ? Object.values(filter).flatMap(textsIn)
        : [],
  ),
];

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted).sort((one, other) => (textOf(one) < textOf(other) ? -1 : 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, inner]) => [name, sorted(inner)]),
  );
}

const textOf = (value: unknown) => JSON.stringify(value) ?? '';
