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
    required: contract.source === undefined ? required : [...required, ...ALWAYS_SENT],
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
      const message = 'message' in valibotAction ? valibotAction.message : undefined;
      const isCheck = valibotAction.type === 'check' || valibotAction.type === 'partial_check';
      if (errors !== undefined && !isCheck)
        throw new Error(`${type}: JSON Schema cannot express "${valibotAction.type}".`);
      if (typeof message !== 'string' || !(isCheck || valibotAction.type === 'regex')) return undefined;
      return { ...jsonSchema, description: `${message.charAt(0).toUpperCase()}${message.slice(1)}.` };
    },
  }) as JsonSchema;
