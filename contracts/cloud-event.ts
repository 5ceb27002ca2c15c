import * as v from 'valibot';

/** A CloudEvents 1.0 event in structured JSON (https://github.com/cloudevents/spec, sections 3.1 and 3.2). */
export type CloudEvent<Type extends string = string, Data = unknown> = {
  specversion: '1.0';
  id: string;
  source: string;
  type: Type;
  time?: string | undefined;
  subject?: string | undefined;
  datacontenttype?: 'application/json' | undefined;
  traceparent?: string | undefined;
  data: Data;
};

/**
 * Where an event is published: the orders topic (commands from existing services), the shop bus (facts), or the FIFO topic
 * with every order's steps in sequence.
 */
export type Channel = 'topic' | 'bus' | 'lifecycle';

/** One version of one event: its type, where it travels, who publishes it, what it means, and its schema. */
export type EventContract<Type extends string = string, Data = unknown> = {
  type: Type;
  channel: Channel;
  /** The one CloudEvents `source` it may come from; `undefined` where any existing service may publish. */
  source: string | undefined;
  description: string;
  data: v.GenericSchema<unknown, Data>;
  schema: v.GenericSchema<unknown, CloudEvent<Type, Data>>;
};

/** The event that a contract describes. */
export type EventOf<C> = C extends EventContract<infer Type, infer Data> ? CloudEvent<Type, Data> : never;

const wellFormed = v.check(
  (boundedText: string) => boundedText.isWellFormed(),
  'must be valid Unicode, without lone surrogates',
);

/** A schema for a string of 1 to `most` characters of valid Unicode. */
export const boundedText = (maxLength: number) =>
  v.pipe(
    v.string('must be a string'),
    v.minLength(1, 'must not be empty'),
    v.maxLength(maxLength, `must be at most ${maxLength} characters`),
    wellFormed,
  );

/** A schema for a string that matches `pattern`; `rule` completes the sentence "must be …". */
export const textMatching = (pattern: RegExp, rule: string) =>
  v.pipe(v.string('must be a string'), v.regex(pattern, `must be ${rule}`));

const envelope = {
  specversion: v.optional(v.literal('1.0', 'must be "1.0"'), '1.0'),
  id: boundedText(256),
  source: boundedText(256),
  time: v.optional(v.pipe(v.string('must be a string'), v.isoTimestamp('must be an RFC 3339 timestamp'))),
  subject: v.optional(boundedText(256)),
  datacontenttype: v.optional(v.literal('application/json', 'must be "application/json"'), 'application/json'),
  traceparent: v.optional(
    textMatching(
      /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/,
      'a W3C trace context: 00-<32 hex>-<16 hex>-<2 hex>',
    ),
  ),
};

/** Takes the parts of an event's definition and gives its contract, with the schema of the whole CloudEvent. */
export function defineEvent<const Type extends string, Data>(definition: {
  type: Type;
  channel: Channel;
  source?: string;
  description: string;
  data: v.GenericSchema<unknown, Data>;
}): EventContract<Type, Data> {
  const { type, source, data } = definition;
  const schema = v.object(
    {
      ...envelope,
      type: v.literal(type, `must be "${type}"`),
      source: source === undefined ? envelope.source : v.literal(source, `must be "${source}"`),
      data,
    },
    'must be a JSON object',
  );
  return { ...definition, source, schema };
}

/** Takes contracts and gives the sources that their events may only come from, each once. */
export const sourcesOf = (contracts: readonly EventContract[]): string[] => [
  ...new Set(contracts.flatMap(({ source }) => (source === undefined ? [] : [source]))),
];

/** Takes a contract and an event's own parts and gives the complete event; `source` defaults to the contract's. */
export function buildEvent<Type extends string, Data>(
  contract: EventContract<Type, Data>,
  parts: {
    id: string;
    time: string;
    subject: string;
    data: Data;
    source?: string | undefined;
    traceparent?: string | undefined;
  },
): CloudEvent<Type, Data> {
  const { id, time, subject, data, traceparent } = parts;
  return {
    specversion: '1.0',
    id,
    source: parts.source ?? contract.source ?? '/shop',
    type: contract.type,
    time,
    subject,
    datacontenttype: 'application/json',
    ...(traceparent === undefined ? {} : { traceparent }),
    data,
  };
}
