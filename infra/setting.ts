import * as v from 'valibot';

/** A setting with a default. */
export const setting = <S extends v.GenericSchema>(description: string, schema: S, fallback: v.InferInput<S>) =>
  v.optional(v.pipe(schema, v.description(description)), fallback);

/** A setting without a default; `absent` says in the table what applies then. */
export const optional = <S extends v.GenericSchema>(description: string, schema: S, absent = 'none') =>
  v.pipe(v.exactOptional(schema), v.description(description), v.metadata({ absent }));

/** A whole number between two bounds, inclusive. */
export function integer(min: number, max: number) {
  const rule = `must be a whole number from ${min} to ${max}`;
  return v.pipe(v.number(rule), v.integer(rule), v.minValue(min, rule), v.maxValue(max, rule));
}

/** One of these texts. */
export const choice = <const T extends string>(...choices: readonly T[]) =>
  v.picklist(choices, `must be one of ${choices.join(', ')}`);

export const boolean = () => v.boolean('must be true or false');

/** A text that matches a pattern; `rule` is what a wrong one is refused with: `must be …`. */
export const matching = (pattern: RegExp, rule: string) => v.pipe(v.string(rule), v.regex(pattern, rule));

/** A list, which `-c` gives as one text with commas. */
export function list(item: RegExp, rule: string) {
  const items = v.pipe(
    v.array(matching(item, rule), rule),
    v.transform((all) => [...new Set(all)]),
  );
  const text = v.pipe(
    v.string(rule),
    v.transform((all) => all.split(',').map((one) => one.trim())),
    items,
  );
  return v.union([items, text], rule);
}
