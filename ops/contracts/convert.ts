import { toJsonSchema } from '@valibot/to-json-schema';
import type { EventContract } from '../../contracts/cloud-event.ts';
import { extractDefinitions } from './definitions.ts';
import { type JsonSchema, mapSubschemas } from './json-schema.ts';
import { allowNulls } from './nullable.ts';

// `buildEvent` fills these in, so the shop's own events always have them.
const ALWAYS_SENT = ['specversion', 'time', 'subject', 'datacontenttype'];

/**
 * Converts a contract to a JSON Schema in draft 2020-12, with a definition for each titled type. Throws for a schema that JSON Schema
 * cannot express. What services send may have nulls for absent members; what the stack sends has neither.
 */
export function jsonSchemaOf(contract: EventContract, sample: unknown): JsonSchema {
  const { $schema, ...body } = tidy(toSchema(contract));
  const { data = {}, ...envelope } = body.properties ?? {};
  const named = { ...body, properties: { ...envelope, data: { title: dataTitle(contract.type), ...data } } };
  const isOwn = contract.sentBy === 'stack';
  const { required = [], ...shared } = extractDefinitions(isOwn ? named : allowNulls(named));
  return {
    $schema,
    $id: `urn:shop-messaging:${contract.type}`,
    title: contract.type,
    description: contract.description,
    'x-channel': contract.channel,
    'x-sent-by': contract.sentBy,
    ...shared,
    required: isOwn ? [...required, ...ALWAYS_SENT] : required,
    examples: [sample],
  };
}

/** Names the type of an event's data: `OrderPlacedData` for `shop.order.placed.v1`. */
const dataTitle = (type: string) => `${type.split(/[.-]/).slice(1, -1).map(capitalize).join('')}Data`;

/**
 * Says in one form what the converter says in two: alternatives are `anyOf`, a constant has a type, no list of required members is
 * empty, and what a reader looks for comes first.
 */
function tidy(schema: JsonSchema): JsonSchema {
  const { title, description, type, oneOf, required, ...rest } = schema as JsonSchema & { oneOf?: JsonSchema[] };
  const shown = type ?? (rest.const === undefined ? undefined : typeof rest.const);
  return mapSubschemas(
    {
      ...(title !== undefined && { title }),
      ...(description !== undefined && { description }),
      ...(shown !== undefined && { type: shown }),
      ...rest,
      ...(oneOf && { anyOf: oneOf }),
      ...(required && required.length > 0 && { required }),
    },
    tidy,
  );
}

// The converter reports two schemas in one pipe (a list whose length is checked before its lines) as an error, although it
// converts them correctly. Its errors are therefore ignored, and all others are thrown here.
const toSchema = ({ schema, type }: EventContract): JsonSchema =>
  toJsonSchema(schema, {
    target: 'draft-2020-12',
    errorMode: 'ignore',
    overrideSchema: ({ valibotSchema, errors }) => {
      if (errors !== undefined) throw new Error(`${type}: JSON Schema cannot express "${valibotSchema.type}".`);
      return undefined;
    },
    overrideAction: ({ valibotAction, jsonSchema, errors }) => {
      const keywords = keywordsOf(valibotAction);
      if (errors !== undefined && keywords === undefined)
        throw new Error(`${type}: JSON Schema cannot express "${valibotAction.type}".`);
      return keywords && { ...jsonSchema, ...keywords };
    },
  }) as JsonSchema;

/** Returns the keywords of a check that the converter cannot translate, or translates without its explanation. */
function keywordsOf(action: ActionToConvert): object | undefined {
  const description = { description: typeof action.message === 'string' ? sentence(action.message) : undefined };
  switch (action.type) {
    case 'regex':
      // A pattern matches code points, with or without the flag `u`, in every implementation but JavaScript's; ajv sets it.
      return { pattern: (action.requirement as RegExp).source, ...description };
    case 'max_code_points':
      return { maxLength: action.requirement };
    case 'check':
      return description;
    case 'raw_check':
    case 'raw_transform':
    case 'transform':
      return {};
    default:
      return undefined;
  }
}

type ActionToConvert = {
  type: string;
  message?: unknown;
  requirement?: unknown;
};

const capitalize = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
const sentence = (message: string) => `${capitalize(message)}.`;
