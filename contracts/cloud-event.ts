import * as v from 'valibot';

/** A CloudEvents 1.0 event in structured JSON mode (https://github.com/cloudevents/spec, sections 3.1 and 3.2). */
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
 * Where an event is published: the orders topic (commands from existing services), the shop's event bus (facts), or the
 * lifecycle FIFO topic (each order's steps in sequence).
 */
export type Channel = 'topic' | 'bus' | 'lifecycle';

/** One version of one event: its type, channel, publisher, description and schemas. */
export type EventContract<Type extends string = string, Data = unknown> = {
  type: Type;
  channel: Channel;
  /** The only CloudEvents `source` that may publish the event; `undefined` if any service may. */
  source: string | undefined;
  description: string;
  data: v.GenericSchema<unknown, Data>;
  schema: v.GenericSchema<unknown, CloudEvent<Type, Data>>;
};

/** The event type that a contract describes. */
export type EventOf<C> = C extends EventContract<infer Type, infer Data> ? CloudEvent<Type, Data> : never;

const wellFormed = v.check((text: string) => text.isWellFormed(), 'must be valid Unicode, without lone surrogates');

/** Builds a schema for a string of 1 to `maxLength` UTF-16 code units without lone surrogates. */
export const boundedText = (maxLength: number) =>
  v.pipe(
    v.string('must be a string'),
    v.minLength(1, 'must not be empty'),
    v.maxLength(maxLength, `must be at most ${maxLength} characters`),
    wellFormed,
  );

/** Builds a schema for a string that matches `pattern`; `rule` completes the problem text "must be …". */
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

/** Defines an event's contract. Derives the schema of the whole CloudEvent from the schema of its `data`. */
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

/** Lists the distinct sources that the contracts prescribe. Contracts open to any source add none. */
export const sourcesOf = (contracts: readonly EventContract[]): string[] => [
  ...new Set(contracts.flatMap(({ source }) => (source === undefined ? [] : [source]))),
];

/** Builds a complete event. `source` defaults to the contract's own, or to `/shop` if the contract prescribes none. */
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
