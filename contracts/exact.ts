import type { GenericSchema } from 'valibot';

/** Says of a value out of JSON whether a schema accepts it as it is; a no may be wrong, a yes never is. */
export type Exact = (value: unknown) => boolean;

const never: Exact = () => false;

// What valibot keeps in a schema (https://valibot.dev/guides/internal-architecture/), as far as it is looked at here.
type Part = {
  kind: 'schema' | 'validation' | 'transformation' | 'metadata';
  type: string;
  pipe?: readonly Part[];
  entries?: Readonly<Record<string, Part>>;
  item?: Part;
  wrapped?: Part;
  default?: unknown;
  literal?: unknown;
  options?: readonly unknown[];
  requirement?: unknown;
};

/**
 * Takes a schema and gives what recognises values that it accepts and leaves as they are, nothing left out and no default filled in.
 * It makes nothing, where valibot makes an object for each value it looks at, so that most messages need not be shown to valibot; what is
 * not recognised has to be. A kind of schema that is not known here recognises nothing.
 */
export const exact = (schema: GenericSchema): Exact => exactly(schema as unknown as Part);

function exactly(part: Part): Exact {
  if (part.pipe === undefined) return ofKind(part);
  const checks = part.pipe.filter(({ kind }) => kind !== 'metadata').map(exactly);
  return checks.reduce((one, other) => (value) => one(value) && other(value));
}

function ofKind(part: Part): Exact {
  const { type, literal, options = [], requirement } = part;
  const limit = Number(requirement);
  switch (type) {
    case 'unknown':
      return () => true;
    case 'string':
      return (value) => typeof value === 'string';
    case 'number':
      return (value) => typeof value === 'number';
    case 'literal':
      return (value) => value === literal;
    case 'picklist':
      return (value) => options.includes(value);
    case 'array':
      return arrayOf(part);
    case 'object':
      return objectOf(part);
    case 'safe_integer':
      return Number.isSafeInteger;
    case 'min_value':
      return (value) => (value as number) >= limit;
    case 'max_value':
      return (value) => (value as number) <= limit;
    case 'min_length':
      return (value) => (value as { length: number }).length >= limit;
    case 'max_length':
      return (value) => (value as { length: number }).length <= limit;
    case 'regex':
    case 'iso_timestamp': {
      // A pattern that keeps a place would say now this, now that.
      if (!(requirement instanceof RegExp) || requirement.global || requirement.sticky) return never;
      return (value) => requirement.test(value as string);
    }
    case 'check':
    case 'partial_check':
      return typeof requirement === 'function' ? (value) => Boolean(requirement(value)) : never;
    default:
      return never;
  }
}

function arrayOf({ item }: Part): Exact {
  if (item === undefined) return never;
  const check = exactly(item);
  return (value) => Array.isArray(value) && value.every(check);
}

function objectOf({ entries = {} }: Part): Exact {
  const fields = Object.entries(entries).map(([name, part]) => {
    const isOptional = part.type === 'optional' && part.wrapped !== undefined;
    // Where there is a default, what is left out is filled in.
    const mayBeLeftOut = isOptional && part.default === undefined;
    return { name, mayBeLeftOut, check: exactly(isOptional ? (part.wrapped ?? part) : part) };
  });
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    const given = value as Readonly<Record<string, unknown>>;
    let known = 0;
    for (const { name, mayBeLeftOut, check } of fields) {
      const field = given[name];
      if (field !== undefined) {
        if (!check(field)) return false;
        known += 1;
      } else if (!mayBeLeftOut) return false;
    }
    for (const _ in given) known -= 1;
    return known === 0;
  };
}
