import { isDeepStrictEqual } from 'node:util';
import { inlineDefinitions } from './definitions.ts';
import type { JsonSchema } from './json-schema.ts';

/** Changes that break any published event: a valid message must stay valid and keep its meaning. */
type StricterRule =
  | 'event removed'
  | 'channel changed'
  | 'field removed'
  | 'type narrowed'
  | 'required added'
  | 'enum shrunk'
  | 'limit tightened'
  | 'limit changed'
  | 'default changed';

/** Changes that break an event the shop sends: subscribers would receive values they do not expect. */
type LooserRule = 'type widened' | 'required dropped' | 'enum grown' | 'limit loosened';

export type Rule = StricterRule | LooserRule;

/** A change that breaks a published event; `field` is empty for the event as a whole. */
export type BreakingChange = { event: string; field: string; rule: Rule };

type Finding = Omit<BreakingChange, 'event'>;

const MIRRORED: Partial<Record<Rule, LooserRule>> = {
  'type narrowed': 'type widened',
  'required added': 'required dropped',
  'enum shrunk': 'enum grown',
  'limit tightened': 'limit loosened',
};

/** Compares an event's published schema with the current one, `undefined` for a removed event. How definitions are cut does not matter. */
export function breakingChanges(publishedSchema: JsonSchema, current: JsonSchema | undefined): BreakingChange[] {
  const event = String(publishedSchema.title);
  if (current === undefined) return [{ event, field: '', rule: 'event removed' }];
  const published = inlineDefinitions(publishedSchema);
  const now = inlineDefinitions(current);
  const found = findStricter(published, now, '');
  if (published['x-channel'] !== now['x-channel']) found.unshift({ field: '', rule: 'channel changed' });
  // Subscribers read the shop's own events, and archived and queued ones are read again, so both directions break.
  if (published['x-sent-by'] === 'stack') found.push(...findLooser(published, now, found));
  return found.map(({ field, rule }) => ({ event, field, rule }));
}

/** Finds looser rules: those that are stricter when compared in reverse. */
const findLooser = (before: JsonSchema, now: JsonSchema, found: readonly Finding[]): Finding[] =>
  findStricter(now, before, '').flatMap(({ field, rule }) => {
    const mirrored = MIRRORED[rule];
    const known = found.some((other) => other.field === field);
    return mirrored === undefined || known ? [] : [{ field, rule: mirrored }];
  });

function findStricter(before: JsonSchema, now: JsonSchema, field: string): Finding[] {
  const { default: previous, ...valuesBefore } = before;
  const { default: current, ...valuesNow } = now;
  const isKept = previous === undefined || isDeepStrictEqual(previous, current);
  return [
    ...(isKept ? [] : [{ field, rule: 'default changed' } as const]),
    ...findNarrowed(valuesBefore, valuesNow, field),
  ];
}

function findNarrowed(before: JsonSchema, now: JsonSchema, field: string): Finding[] {
  if (before.anyOf !== undefined || now.anyOf !== undefined) return compareAlternatives(before, now, field);
  if (!typesOf(before).every((type) => includesType(typesOf(now), type))) return [{ field, rule: 'type narrowed' }];
  return [
    ...compareValues(before, now, field),
    ...compareLimits(before, now, field),
    ...compareFields(before, now, field),
    ...compareItems(before, now, field),
  ];
}

/** Every previous alternative must be covered by a current one, and what stands beside the alternatives is compared for itself. */
function compareAlternatives(before: JsonSchema, now: JsonSchema, field: string): Finding[] {
  const { anyOf: previous = [before], ...besideBefore } = before;
  const { anyOf: current, ...besideNow } = now;
  if (current === undefined && hasAssertions(besideBefore) && findStricter(besideBefore, now, field).length === 0)
    return [];
  const branches = current ?? [now];
  const found = previous.flatMap((branch) => compareBranch(branch, branches, previous, field));
  if (current === undefined || !hasAssertions(besideNow)) return found;
  return [...found, ...findStricter(before.anyOf === undefined ? before : besideBefore, besideNow, field)];
}

/** Names the field where only one current alternative can be meant: that of the same title, or the only one that is not null. */
function compareBranch(
  branch: JsonSchema,
  current: readonly JsonSchema[],
  previous: readonly JsonSchema[],
  field: string,
): Finding[] {
  if (current.some((other) => findStricter(branch, other, field).length === 0)) return [];
  const isNull = ({ type }: JsonSchema) => type === 'null';
  const [only, ...more] = current.filter((other) => !isNull(other));
  const isOnly = more.length === 0 && !isNull(branch) && previous.filter((other) => !isNull(other)).length === 1;
  const sameTitle = current.find(({ title }) => title !== undefined && title === branch.title);
  const meant = sameTitle ?? (isOnly ? only : undefined);
  return meant === undefined ? [{ field, rule: 'type narrowed' }] : findStricter(branch, meant, field);
}

const hasAssertions = (schema: JsonSchema) => Object.keys(schema).some((keyword) => !ANNOTATIONS.includes(keyword));

const ALL_TYPES = ['null', 'boolean', 'number', 'string', 'array', 'object'];

function typesOf({ type, ...schema }: JsonSchema): string[] {
  if (type !== undefined) return [type].flat();
  const allowed = valuesOf(schema);
  return allowed === undefined
    ? ALL_TYPES
    : [...new Set(allowed.map((value) => (value === null ? 'null' : typeof value)))];
}

const includesType = (types: readonly string[], type: string) =>
  types.includes(type) || (type === 'integer' && types.includes('number'));

const valuesOf = (schema: JsonSchema) => schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);

function compareValues(before: JsonSchema, now: JsonSchema, field: string): Finding[] {
  const allowed = valuesOf(now);
  if (allowed === undefined) return [];
  const previous = valuesOf(before);
  if (previous === undefined) return [{ field, rule: 'type narrowed' }];
  const all = previous.every((value) => allowed.some((other) => isDeepStrictEqual(value, other)));
  return all ? [] : [{ field, rule: 'enum shrunk' }];
}

const LOWER_LIMITS = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'];
const UPPER_LIMITS = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'];
const COMPARED_ELSEWHERE = ['type', 'enum', 'const', 'anyOf', 'properties', 'required', 'items'];
const ANNOTATIONS = [
  '$schema',
  '$id',
  '$comment',
  'title',
  'description',
  'examples',
  'deprecated',
  'x-channel',
  'x-sent-by',
];

function compareLimits(before: JsonSchema, now: JsonSchema, field: string): Finding[] {
  const keywords = new Set([...Object.keys(before), ...Object.keys(now)]);
  for (const known of [...COMPARED_ELSEWHERE, ...ANNOTATIONS]) keywords.delete(known);
  return [...keywords].flatMap((keyword) => {
    const rule = limitRule(keyword, before[keyword], now[keyword]);
    return rule === undefined ? [] : [{ field, rule }];
  });
}

function limitRule(keyword: string, before: unknown, now: unknown): Rule | undefined {
  if (now === undefined || isDeepStrictEqual(before, now)) return undefined;
  if (before === undefined) return 'limit tightened';
  // Which of two patterns or unknown keywords is stricter cannot be decided.
  if (typeof before !== 'number' || typeof now !== 'number') return 'limit changed';
  if (LOWER_LIMITS.includes(keyword)) return now > before ? 'limit tightened' : undefined;
  if (UPPER_LIMITS.includes(keyword)) return now < before ? 'limit tightened' : undefined;
  return 'limit changed';
}

function compareFields(before: JsonSchema, now: JsonSchema, field: string): Finding[] {
  const { properties = {} } = now;
  const path = (name: string) => (field === '' ? name : `${field}.${name}`);
  const kept = Object.entries(before.properties ?? {}).flatMap(([name, schema]): Finding[] => {
    const other = Object.hasOwn(properties, name) ? properties[name] : undefined;
    return other === undefined
      ? [{ field: path(name), rule: 'field removed' }]
      : findStricter(schema, other, path(name));
  });
  const added = (now.required ?? []).filter((name) => !before.required?.includes(name));
  return [...kept, ...added.map((name): Finding => ({ field: path(name), rule: 'required added' }))];
}

const compareItems = (before: JsonSchema, now: JsonSchema, field: string): Finding[] =>
  before.items === undefined && now.items === undefined
    ? []
    : findStricter(before.items ?? {}, now.items ?? {}, `${field}[]`);
