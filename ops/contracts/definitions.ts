import { isDeepStrictEqual } from 'node:util';
import { type JsonSchema, mapSubschemas } from './json-schema.ts';

type Definitions = Record<string, JsonSchema>;

/**
 * Moves every titled schema within `schema` to `$defs`, under its title, and refers to it: generators name the types by it.
 * Throws where two different schemas have one title.
 */
export function extractDefinitions(schema: JsonSchema): JsonSchema {
  const $defs: Definitions = {};
  const extract = (part: JsonSchema): JsonSchema => {
    const extracted = mapSubschemas(part, extract);
    const { title } = extracted;
    if (title === undefined) return extracted;
    addDefinition($defs, title, extracted);
    return { $ref: `#/$defs/${title}` };
  };
  const root = mapSubschemas(schema, extract);
  return Object.keys($defs).length === 0 ? root : { ...root, $defs };
}

/** Adds a definition. Throws where the name has another one. */
export function addDefinition(definitions: Definitions, name: string, schema: JsonSchema): void {
  const known = definitions[name] ?? schema;
  if (!isDeepStrictEqual(known, schema)) throw new Error(`Two different schemas have the title "${name}".`);
  definitions[name] = schema;
}

/** Puts every definition in place of the references to it. Throws for an unknown reference, and for one that leads to itself. */
export function inlineDefinitions({ $defs = {}, ...schema }: JsonSchema): JsonSchema {
  const inline = (part: JsonSchema, from: readonly string[]): JsonSchema => {
    const { $ref, ...rest } = part;
    if ($ref === undefined) return mapSubschemas(part, (inner) => inline(inner, from));
    const definition = $defs[$ref.replace('#/$defs/', '')];
    if (definition === undefined || from.includes($ref)) throw new Error(`The reference ${$ref} cannot be resolved.`);
    return { ...inline(definition, [...from, $ref]), ...rest };
  };
  return inline(schema, []);
}
