import { toJsonSchema } from '@valibot/to-json-schema';
import type { EventContract } from '../../contracts/cloud-event.ts';

/** The keywords of JSON Schema that are used here; other keywords are kept as they are. */
export type JsonSchema = {
  type?: string | string[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  title?: string;
  description?: string;
  examples?: unknown[];
  [keyword: string]: unknown;
};

// `buildEvent` fills these in, so the shop's own events always have them.
const ALWAYS_SENT = ['specversion', 'time', 'subject', 'datacontenttype'];

/** Converts a contract to a JSON Schema in draft 2020-12. Throws for a schema that JSON Schema cannot express. */
export function jsonSchemaOf(contract: EventContract, sample: unknown): JsonSchema {
  const { $schema, required = [], ...body } = toSchema(contract);
  return {
    $schema,
    $id: `urn:shop-messaging:${contract.type}`,
    title: contract.type,
    description: contract.description,
    'x-channel': contract.channel,
    ...body,
    required: contract.sentBy === 'services' ? required : [...required, ...ALWAYS_SENT],
    examples: [sample],
  };
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

const sentence = (message: string) => `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
