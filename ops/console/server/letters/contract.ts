import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readMessage } from '../../../../contracts/parse.ts';
import type { JsonSchema } from '../../../contracts/json-schema.ts';
import type { ContractMember, LetterContract } from '../../api/dead-letters.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..');
const FOLDER = 'contracts/published';
// A type is part of a file's name here.
const TYPE = /^[a-z][a-z0-9.-]{0,127}$/;

/** Finds the published contract of the event in a message; `undefined` where it names no type that is published. */
export function contractOf(event: string): LetterContract | undefined {
  const type = typeOf(event);
  const file = `${FOLDER}/${type}.json`;
  if (type === undefined || !TYPE.test(type) || !existsSync(join(root, file))) return undefined;
  const schema: JsonSchema = JSON.parse(readFileSync(join(root, file), 'utf8'));
  return {
    type,
    version: /\.(v\d+)$/.exec(type)?.[1] ?? '',
    description: schema.description ?? '',
    file,
    members: contractMembers(schema),
  };
}

/** Reads the type that an event names; `undefined` where it is none. */
export function typeOf(event: string): string | undefined {
  try {
    const { type } = readMessage(event);
    return typeof type === 'string' ? type : undefined;
  } catch {
    return undefined;
  }
}

/** Lists the members that a schema describes, each with its path. */
export const contractMembers = (schema: JsonSchema): ContractMember[] => membersWithin(schema, '', schema.$defs ?? {});

type Definitions = Record<string, JsonSchema>;

function membersWithin(schema: JsonSchema, prefix: string, definitions: Definitions): ContractMember[] {
  const parts = branches(schema, definitions);
  return parts.flatMap(({ properties = {}, required = [], items }) => {
    if (items !== undefined) return membersWithin(items, `${prefix}[]`, definitions);
    return Object.entries(properties).flatMap(([name, property]) => {
      const path = prefix === '' ? name : `${prefix}.${name}`;
      const member = describe(property, { path, required: required.includes(name) && parts.length === 1 }, definitions);
      return [member, ...(member.types[0] === 'choice' ? [] : membersWithin(property, path, definitions))];
    });
  });
}

/** Resolves references and drops `null`, which means absent. */
function branches(schema: JsonSchema, definitions: Definitions): JsonSchema[] {
  if (schema.$ref !== undefined) return branches(definitions[schema.$ref.replace('#/$defs/', '')] ?? {}, definitions);
  if (schema.anyOf !== undefined) return schema.anyOf.flatMap((branch) => branches(branch, definitions));
  return schema.type === 'null' ? [] : [schema];
}

function describe(
  property: JsonSchema,
  place: Pick<ContractMember, 'path' | 'required'>,
  definitions: Definitions,
): ContractMember {
  const parts = branches(property, definitions);
  const [first = {}] = parts;
  const isChoice = parts.length > 1;
  const values = isChoice ? parts.map(({ title }) => title) : valuesOf(first);
  const { description, format, minimum, maximum } = isChoice ? property : { ...first, ...property };
  return {
    ...place,
    types: isChoice ? ['choice'] : [first.type ?? []].flat().filter((type) => type !== 'null'),
    ...(description === undefined || BOILERPLATE.test(description) ? {} : { description }),
    ...(values === undefined ? {} : { values: values.map(String) }),
    ...(typeof format === 'string' ? { format } : {}),
    ...(typeof minimum === 'number' ? { minimum } : {}),
    ...(typeof maximum === 'number' ? { maximum } : {}),
  };
}

// True of every text, and of no use to whoever looks for a mistake.
const BOILERPLATE = /^Must be valid Unicode/;

const valuesOf = ({ enum: values, const: value }: JsonSchema): unknown[] | undefined =>
  value === undefined ? values?.filter((one) => one !== null) : [value];
