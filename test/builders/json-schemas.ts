import fc from 'fast-check';
import type { JsonSchema } from '../../ops/contracts/json-schema.ts';

const names = fc.constantFrom('a', 'b', 'c');
const choices = ['x', 'y', 'z', 'w'];
const optional = <T>(key: string, value: fc.Arbitrary<T>) => fc.option(value.map((some) => ({ [key]: some })));
const integer = (min: number, max: number) => fc.integer({ min, max });

const leaf: fc.Arbitrary<JsonSchema> = fc.oneof(
  fc
    .tuple(optional('minLength', integer(0, 2)), optional('maxLength', integer(2, 4)))
    .map(([least, most]) => ({ type: 'string', ...least, ...most })),
  fc
    .tuple(
      fc.constantFrom('integer', 'number'),
      optional('minimum', integer(-3, 0)),
      optional('maximum', integer(0, 3)),
    )
    .map(([type, least, most]) => ({ type, ...least, ...most })),
  fc.subarray(choices, { minLength: 1 }).map((allowed) => ({ enum: allowed })),
);

const object = (properties: fc.Arbitrary<Record<string, JsonSchema>>): fc.Arbitrary<JsonSchema> =>
  properties.chain((fields) =>
    fc.subarray(Object.keys(fields)).map((required) => ({ type: 'object', properties: fields, required })),
  );

/** Generates schemas as contracts produce them: strings, numbers, enums, arrays and objects. */
export const schemas: fc.Arbitrary<JsonSchema> = fc.letrec<{ any: JsonSchema }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    object(fc.dictionary(names, tie('any'), { maxKeys: 3 })),
    tie('any').map((items) => ({ type: 'array', items })),
  ),
})).any;

/** Generates variations of a schema with fields or limits replaced, removed or added. */
export function modifiedSchema(schema: JsonSchema): fc.Arbitrary<JsonSchema> {
  const same = fc.constant(schema);
  if (schema.items !== undefined) return modifiedSchema(schema.items).map((items) => ({ ...schema, items }));
  if (schema.properties === undefined) {
    const sameType = leaf.filter(({ type }) => type === schema.type);
    return fc.oneof({ weight: 3, arbitrary: same }, { weight: 3, arbitrary: sameType }, { weight: 1, arbitrary: leaf });
  }
  const fields = fc.record(
    Object.fromEntries(Object.entries(schema.properties).map(([name, field]) => [name, modifiedSchema(field)])),
  );
  const changed = fc
    .tuple(fields, fc.option(schemas))
    .chain(([kept, added]) =>
      fc
        .subarray(Object.keys(kept), { minLength: Math.max(0, Object.keys(kept).length - 1) })
        .map((left) => ({ ...Object.fromEntries(left.map((name) => [name, kept[name]])), ...(added && { d: added }) })),
    );
  return fc.oneof({ weight: 1, arbitrary: same }, { weight: 3, arbitrary: object(changed as never) });
}

/** Generates schemas that allow every value of the given one, and possibly more. */
export function relaxedSchema(schema: JsonSchema): fc.Arbitrary<JsonSchema> {
  const { minLength, maxLength, minimum, maximum, required, ...rest } = schema;
  const limits = { minLength, maxLength, minimum, maximum };
  const present = Object.entries(limits).filter(([, value]) => value !== undefined);
  const kept = fc.subarray(present).map((some) => Object.fromEntries(some));
  if (schema.items !== undefined) return relaxedSchema(schema.items).map((items) => ({ ...rest, items }));
  if (schema.enum !== undefined) {
    return fc.subarray(choices).map((more) => ({ enum: [...new Set([...(schema.enum ?? []), ...more])] }));
  }
  if (schema.properties === undefined) {
    const types = schema.type === 'integer' ? ['integer', 'number'] : [String(schema.type)];
    return fc.tuple(kept, fc.constantFrom(...types)).map(([some, type]) => ({ ...some, type }));
  }
  const fields = Object.entries(schema.properties).map(([name, field]) => [name, relaxedSchema(field)] as const);
  return fc
    .tuple(fc.record(Object.fromEntries(fields)), fc.option(schemas), fc.subarray(required ?? []))
    .map(([properties, added, still]) => ({
      type: 'object',
      properties: added === null ? properties : { ...properties, d: added },
      required: still,
    }));
}

/** Generates values that a schema allows. */
export function validValuesOf(schema: JsonSchema): fc.Arbitrary<unknown> {
  const { minLength = 0, maxLength = 6, minimum = -9, maximum = 9 } = schema as Record<string, number | undefined>;
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.type === 'string') return fc.string({ minLength, maxLength, unit: 'grapheme-ascii' });
  if (schema.type === 'integer') return integer(minimum, maximum);
  if (schema.type === 'number') return fc.double({ min: minimum, max: maximum, noNaN: true });
  if (schema.items !== undefined) return fc.array(validValuesOf(schema.items), { maxLength: 3 });
  const fields = Object.entries(schema.properties ?? {}).map(([name, field]) => [name, validValuesOf(field)] as const);
  return fc.record(Object.fromEntries(fields), { requiredKeys: schema.required ?? [] });
}
