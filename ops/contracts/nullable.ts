import { type JsonSchema, mapSubschemas } from './json-schema.ts';

const NULL: JsonSchema = { type: 'null' };

/** Lets every optional member be null too, at any depth: many serializers write what is absent so, and the parser reads it so. */
export function allowNulls(schema: JsonSchema): JsonSchema {
  const { required = [] } = schema;
  return mapSubschemas(schema, (part, name) => {
    const inner = allowNulls(part);
    return name === undefined || required.includes(name) ? inner : nullable(inner);
  });
}

/** Lets a value be null too. Titled schemas and unions get an alternative, so that they keep their name; others a second type, which reads better. */
export function nullable(schema: JsonSchema): JsonSchema {
  const { title, anyOf, type, const: constant, enum: allowed, ...rest } = schema;
  if (title !== undefined || type === undefined) return { anyOf: [schema, NULL] };
  const values = allowed ?? (constant === undefined ? undefined : [constant]);
  return { type: [type, 'null'].flat(), ...(values && { enum: [...values, null] }), ...rest };
}
