import fc from 'fast-check';
import { type JsonSchema, mapSubschemas } from '../../ops/contracts/json-schema.ts';
import { nullable } from '../../ops/contracts/nullable.ts';

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
  properties.chain((fields) => {
    const names = fc.subarray(Object.keys(fields));
    return fc
      .tuple(names, fc.option(fc.tuple(names, names), { freq: 4 }))
      .map(([required, condition]) => ({ type: 'object', properties: fields, required, ...unless(condition) }));
  });

/** Requires some members unless others are there. */
const unless = (condition: [string[], string[]] | null) =>
  condition && { if: { required: condition[0] }, else: { required: condition[1] } };

const isNullable = ({ type, anyOf }: JsonSchema) =>
  [type].flat().includes('null') || anyOf?.some((branch) => branch.type === 'null') === true;

/** Reverses `nullable`. */
function withoutNull({ type, anyOf, enum: allowed, ...rest }: JsonSchema): JsonSchema {
  const [branch] = anyOf ?? [];
  if (branch !== undefined) return branch;
  const [only = ''] = [type ?? []].flat();
  return { type: only, ...(allowed && { enum: allowed.filter((value) => value !== null) }), ...rest };
}

/** Generates schemas as contracts produce them: strings, numbers, enums, arrays and objects, null as well or not. */
export const schemas: fc.Arbitrary<JsonSchema> = fc.letrec<{ any: JsonSchema }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    object(fc.dictionary(names, tie('any'), { maxKeys: 3 })),
    tie('any').map((items) => ({ type: 'array', items })),
    tie('any').map((schema) => (isNullable(schema) ? schema : nullable(schema))),
    fc.tuple(leaf, tie('any')).map((anyOf) => ({ anyOf })),
  ),
})).any;

/** Generates variations of a schema with fields or limits replaced, removed or added. */
export function modifiedSchema(schema: JsonSchema): fc.Arbitrary<JsonSchema> {
  const same = fc.constant(schema);
  if (isNullable(schema)) {
    return modifiedSchema(withoutNull(schema)).chain((changed) =>
      fc.oneof(
        { weight: 3, arbitrary: fc.constant(nullable(changed)) },
        { weight: 1, arbitrary: fc.constant(changed) },
      ),
    );
  }
  if (schema.anyOf !== undefined) {
    return fc
      .tuple(...schema.anyOf.map(modifiedSchema))
      .chain((branches) => fc.subarray(branches, { minLength: 1 }))
      .map((anyOf) => ({ anyOf }));
  }
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
export const relaxedSchema = (schema: JsonSchema): fc.Arbitrary<JsonSchema> =>
  isNullable(schema)
    ? relaxedValues(withoutNull(schema)).map(nullable)
    : relaxedValues(schema).chain((relaxed) => fc.constantFrom(relaxed, nullable(relaxed)));

function relaxedValues(schema: JsonSchema): fc.Arbitrary<JsonSchema> {
  if (schema.anyOf !== undefined) return fc.tuple(...schema.anyOf.map(relaxedSchema)).map((anyOf) => ({ anyOf }));
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
    .chain(([properties, added, still]) => {
      const relaxed = {
        type: 'object',
        properties: added === null ? properties : { ...properties, d: added },
        required: still,
      };
      const { if: condition, else: otherwise } = schema;
      return fc.constantFrom(
        relaxed,
        condition === undefined ? relaxed : { ...relaxed, if: condition, else: otherwise },
      );
    });
}

/** Generates values that a schema allows. */
export function validValuesOf(schema: JsonSchema): fc.Arbitrary<unknown> {
  if (isNullable(schema)) return fc.option(validValuesOf(withoutNull(schema)));
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(validValuesOf));
  const { minLength = 0, maxLength = 6, minimum = -9, maximum = 9 } = schema as Record<string, number | undefined>;
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.type === 'string') return fc.string({ minLength, maxLength, unit: 'grapheme-ascii' });
  if (schema.type === 'integer') return integer(minimum, maximum);
  if (schema.type === 'number') return fc.double({ min: minimum, max: maximum, noNaN: true });
  if (schema.items !== undefined) return fc.array(validValuesOf(schema.items), { maxLength: 3 });
  const fields = Object.entries(schema.properties ?? {}).map(([name, field]) => [name, validValuesOf(field)] as const);
  const { required = [], else: otherwise } = schema;
  const requiredKeys = [...required, ...((otherwise as JsonSchema | undefined)?.required ?? [])];
  return fc.record(Object.fromEntries(fields), { requiredKeys });
}

/** Gives every object in a schema a title of its own, so that it can become a definition. */
export function withTitles(schema: JsonSchema): JsonSchema {
  let count = 0;
  const name = (part: JsonSchema): JsonSchema => {
    const named = mapSubschemas(part, name);
    if (named.properties === undefined) return named;
    count += 1;
    return { title: `Type${count}`, ...named };
  };
  return name(schema);
}
