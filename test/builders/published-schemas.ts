import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { publishedSchemas } from '../../ops/contracts/generate.ts';
import type { JsonSchema } from '../../ops/contracts/json-schema.ts';

const ajv = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false, allErrors: true });
// The package is CommonJS, and its types say otherwise.
(addFormats as unknown as (instance: Ajv2020) => void)(ajv);
for (const annotation of ['x-channel', 'x-sent-by']) ajv.addKeyword(annotation);

/** The committed JSON Schemas by event type. */
export const published: ReadonlyMap<string, JsonSchema> = new Map(
  publishedSchemas().map((schema) => [String(schema.title), schema]),
);

const validators = new Map([...published].map(([type, schema]) => [type, ajv.compile(schema)]));

/** Returns what an independent validator, with formats, finds wrong with an event by its published schema. */
export function publishedSchemaErrors(type: string, event: unknown): NonNullable<ValidateFunction['errors']> {
  const validate = validators.get(type);
  if (validate === undefined) throw new Error(`No schema of ${type} is published.`);
  return validate(event) ? [] : (validate.errors ?? []);
}
