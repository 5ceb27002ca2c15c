import { isDeepStrictEqual } from 'node:util';
import type { JsonSchema } from './json-schema.ts';

/** What may not happen to any published event: a message that was right before must stay right, and keep its meaning. */
type Stricter =
  | 'event removed'
  | 'channel changed'
  | 'field removed'
  | 'type narrowed'
  | 'required added'
  | 'enum shrunk'
  | 'limit tightened'
  | 'limit changed'
  | 'default changed';

/** What may not happen to an event that the shop sends: its readers would meet what they were never told of. */
type Looser = 'type widened' | 'required dropped' | 'enum grown' | 'limit loosened';

export type Rule = Stricter | Looser;

/** A change that breaks a published event: whose, in which field, and by which rule. `field` is empty for the event as a whole. */
export type Break = { event: string; field: string; rule: Rule };

type Finding = Omit<Break, 'event'>;

const LOOSER: Partial<Record<Rule, Looser>> = {
  'type narrowed': 'type widened',
  'required added': 'required dropped',
  'enum shrunk': 'enum grown',
  'limit tightened': 'limit loosened',
};

/** Takes an event's published schema and what the code says now, `undefined` where it is gone, and gives what would break. */
export function breakingChanges(published: JsonSchema, now: JsonSchema | undefined): Break[] {
  const event = String(published.title);
  if (now === undefined) return [{ event, field: '', rule: 'event removed' }];
  const found = stricter(published, now, '');
  if (published['x-channel'] !== now['x-channel']) found.unshift({ field: '', rule: 'channel changed' });
  // An event with one fixed source is the shop's own. Stored and queued ones are read again, so neither direction is free.
  if (published.properties?.source?.const !== undefined) found.push(...looser(published, now, found));
  return found.map(({ field, rule }) => ({ event, field, rule }));
}

/** What reads as stricter backwards is looser. */
const looser = (before: JsonSchema, now: JsonSchema, found: readonly Finding[]): Finding[] =>
  stricter(now, before, '').flatMap(({ field, rule }) => {
    const mirrored = LOOSER[rule];
    const known = found.some((other) => other.field === field);
    return mirrored === undefined || known ? [] : [{ field, rule: mirrored }];
  });

function stricter(before: JsonSchema, now: JsonSchema, field: string): Finding[] {
  const found: Finding[] = [];
  if (before.default !== undefined && !isDeepStrictEqual(before.default, now.default)) {
    found.push({ field, rule: 'default changed' });
  }
  if (before.anyOf !== undefined || now.anyOf !== undefined) return [...found, ...alternatives(before, now, field)];
  if (!typesOf(before).every((type) => covers(typesOf(now), type))) return [...found, { field, rule: 'type narrowed' }];
  return [
    ...found,
    ...values(before, now, field),
    ...limits(before, now, field),
    ...fields(before, now, field),
    ...items(before, now, field),
  ];
}

/** Each alternative there was must be covered by one there is. */
function alternatives(before: JsonSchema, now: JsonSchema, field: string): Finding[] {
  const branches = (schema: JsonSchema) => schema.anyOf ?? [schema];
  const covered = (one: JsonSchema) => branches(now).some((other) => stricter(one, other, field).length === 0);
  return branches(before).every(covered) ? [] : [{ field, rule: 'type narrowed' }];
}

const ANY = ['null', 'boolean', 'number', 'string', 'array', 'object'];

function typesOf({ type, ...schema }: JsonSchema): string[] {
  if (type !== undefined) return [type].flat();
  const allowed = valuesOf(schema);
  return allowed === undefined ? ANY : [...new Set(allowed.map((value) => (value === null ? 'null' : typeof value)))];
}

const covers = (types: readonly string[], type: string) =>
  types.includes(type) || (type === 'integer' && types.includes('number'));

const valuesOf = (schema: JsonSchema) => schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);

function values(before: JsonSchema, now: JsonSchema, field: string): Finding[] {
  const allowed = valuesOf(now);
  if (allowed === undefined) return [];
  const wanted = valuesOf(before);
  if (wanted === undefined) return [{ field, rule: 'type narrowed' }];
  const all = wanted.every((value) => allowed.some((other) => isDeepStrictEqual(value, other)));
  return all ? [] : [{ field, rule: 'enum shrunk' }];
}

const LEAST = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'];
const MOST = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'];
const COMPARED = ['type', 'enum', 'const', 'default', 'anyOf', 'properties', 'required', 'items'];
const TOLD = ['$schema', '$id', '$comment', 'title', 'description', 'examples', 'deprecated', 'x-channel'];

function limits(before: JsonSchema, now: JsonSchema, field: string): Finding[] {
  const keywords = new Set([...Object.keys(before), ...Object.keys(now)]);
  for (const known of [...COMPARED, ...TOLD]) keywords.delete(known);
  return [...keywords].flatMap((keyword) => {
    const rule = limit(keyword, before[keyword], now[keyword]);
    return rule === undefined ? [] : [{ field, rule }];
  });
}

function limit(keyword: string, before: unknown, now: unknown): Rule | undefined {
  if (now === undefined || isDeepStrictEqual(before, now)) return undefined;
  if (before === undefined) return 'limit tightened';
  // Of two patterns, or a keyword nobody thought of, nothing can be said but that they differ.
  if (typeof before !== 'number' || typeof now !== 'number') return 'limit changed';
  if (LEAST.includes(keyword)) return now > before ? 'limit tightened' : undefined;
  if (MOST.includes(keyword)) return now < before ? 'limit tightened' : undefined;
  return 'limit changed';
}

function fields(before: JsonSchema, now: JsonSchema, field: string): Finding[] {
  const { properties = {} } = now;
  const path = (name: string) => (field === '' ? name : `${field}.${name}`);
  const kept = Object.entries(before.properties ?? {}).flatMap(([name, schema]): Finding[] => {
    const other = Object.hasOwn(properties, name) ? properties[name] : undefined;
    return other === undefined ? [{ field: path(name), rule: 'field removed' }] : stricter(schema, other, path(name));
  });
  const added = (now.required ?? []).filter((name) => !before.required?.includes(name));
  return [...kept, ...added.map((name): Finding => ({ field: path(name), rule: 'required added' }))];
}

const items = (before: JsonSchema, now: JsonSchema, field: string): Finding[] =>
  before.items === undefined && now.items === undefined
    ? []
    : stricter(before.items ?? {}, now.items ?? {}, `${field}[]`);
