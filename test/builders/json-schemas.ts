import fc from 'fast-check';
import type { JsonSchema } from '../../ops/contracts/json-schema.ts';

const names = fc.constantFrom('a', 'b', 'c');
const words = ['x', 'y', 'z', 'w'];
const maybe = <T>(key: string, value: fc.Arbitrary<T>) => fc.option(value.map((some) => ({ [key]: some })));
const whole = (min: number, max: number) => fc.integer({ min, max });

const leaf: fc.Arbitrary<JsonSchema> = fc.oneof(
  fc
    .tuple(maybe('minLength', whole(0, 2)), maybe('maxLength', whole(2, 4)))
    .map(([least, most]) => ({ type: 'string', ...least, ...most })),
  fc
    .tuple(fc.constantFrom('integer', 'number'), maybe('minimum', whole(-3, 0)), maybe('maximum', whole(0, 3)))
    .map(([type, least, most]) => ({ type, ...least, ...most })),
  fc.subarray(words, { minLength: 1 }).map((allowed) => ({ enum: allowed })),
);

const object = (properties: fc.Arbitrary<Record<string, JsonSchema>>): fc.Arbitrary<JsonSchema> =>
  properties.chain((fields) =>
    fc.subarray(Object.keys(fields)).map((required) => ({ type: 'object', properties: fields, required })),
  );

/** Any schema of the kind that contracts give: strings, numbers, choices, lists and objects. */
export const schemas: fc.Arbitrary<JsonSchema> = fc.letrec<{ any: JsonSchema }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    object(fc.dictionary(names, tie('any'), { maxKeys: 3 })),
    tie('any').map((items) => ({ type: 'array', items })),
  ),
})).any;

/** A schema beside another: mostly the same, with this and that replaced, dropped, added or limited. */
export function near(schema: JsonSchema): fc.Arbitrary<JsonSchema> {
  const same = fc.constant(schema);
  if (schema.items !== undefined) return near(schema.items).map((items) => ({ ...schema, items }));
  if (schema.properties === undefined) {
    const alike = leaf.filter(({ type }) => type === schema.type);
    return fc.oneof({ weight: 3, arbitrary: same }, { weight: 3, arbitrary: alike }, { weight: 1, arbitrary: leaf });
  }
  const fields = fc.record(
    Object.fromEntries(Object.entries(schema.properties).map(([name, field]) => [name, near(field)])),
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

/** A schema that allows all that the given one allows, and perhaps more. */
export function relaxed(schema: JsonSchema): fc.Arbitrary<JsonSchema> {
  const { minLength, maxLength, minimum, maximum, required, ...rest } = schema;
  const limits = { minLength, maxLength, minimum, maximum };
  const present = Object.entries(limits).filter(([, value]) => value !== undefined);
  const kept = fc.subarray(present).map((some) => Object.fromEntries(some));
  if (schema.items !== undefined) return relaxed(schema.items).map((items) => ({ ...rest, items }));
  if (schema.enum !== undefined) {
    return fc.subarray(words).map((more) => ({ enum: [...new Set([...(schema.enum ?? []), ...more])] }));
  }
  if (schema.properties === undefined) {
    const types = schema.type === 'integer' ? ['integer', 'number'] : [String(schema.type)];
    return fc.tuple(kept, fc.constantFrom(...types)).map(([some, type]) => ({ ...some, type }));
  }
  const fields = Object.entries(schema.properties).map(([name, field]) => [name, relaxed(field)] as const);
  return fc
    .tuple(fc.record(Object.fromEntries(fields)), fc.option(schemas), fc.subarray(required ?? []))
    .map(([properties, added, still]) => ({
      type: 'object',
      properties: added === null ? properties : { ...properties, d: added },
      required: still,
    }));
}

/** Values that a schema allows. */
export function valuesOf(schema: JsonSchema): fc.Arbitrary<unknown> {
  const { minLength = 0, maxLength = 6, minimum = -9, maximum = 9 } = schema as Record<string, number | undefined>;
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.type === 'string') return fc.string({ minLength, maxLength, unit: 'grapheme-ascii' });
  if (schema.type === 'integer') return whole(minimum, maximum);
  if (schema.type === 'number') return fc.double({ min: minimum, max: maximum, noNaN: true });
  if (schema.items !== undefined) return fc.array(valuesOf(schema.items), { maxLength: 3 });
  const fields = Object.entries(schema.properties ?? {}).map(([name, field]) => [name, valuesOf(field)] as const);
  return fc.record(Object.fromEntries(fields), { requiredKeys: schema.required ?? [] });
}
