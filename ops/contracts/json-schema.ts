import { toJsonSchema } from '@valibot/to-json-schema';
import type { EventContract } from '../../contracts/cloud-event.ts';

/** What these schemas use of JSON Schema; anything else a schema may hold is kept as it is. */
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

// `buildEvent` fills these in, so whoever reads the shop's own events can rely on them.
const ALWAYS_SENT = ['specversion', 'time', 'subject', 'datacontenttype'];

/** Takes a contract and a sample of its event and gives the event's JSON Schema, in draft 2020-12. */
export function jsonSchemaOf(contract: EventContract, sample: unknown): JsonSchema {
  const { $schema, required = [], ...body } = convert(contract);
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

// The converter's errors are ignored for one reason: it takes a list that is counted before its lines are checked (two
// schemas in one pipe) for an error, though it converts it well. All others are thrown here.
const convert = ({ schema, type }: EventContract): JsonSchema =>
  toJsonSchema(schema, {
    target: 'draft-2020-12',
    errorMode: 'ignore',
    overrideSchema: ({ valibotSchema, errors }) => {
      if (errors !== undefined) throw new Error(`${type}: JSON Schema cannot say "${valibotSchema.type}".`);
      return undefined;
    },
    overrideAction: ({ valibotAction, jsonSchema, errors }) => {
      const message = 'message' in valibotAction ? valibotAction.message : undefined;
      const isCheck = valibotAction.type === 'check' || valibotAction.type === 'partial_check';
      if (errors !== undefined && !isCheck) throw new Error(`${type}: JSON Schema cannot say "${valibotAction.type}".`);
      if (typeof message !== 'string' || !(isCheck || valibotAction.type === 'regex')) return undefined;
      return { ...jsonSchema, description: `${message.charAt(0).toUpperCase()}${message.slice(1)}.` };
    },
  }) as JsonSchema;
