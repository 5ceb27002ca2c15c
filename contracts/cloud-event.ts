import * as v from 'valibot';
import { normalizeTime, RFC_3339_PATTERN } from './time.ts';
import { readTraceparent } from './traceparent.ts';

/** A CloudEvents 1.0 event in structured JSON mode (https://github.com/cloudevents/spec, sections 3.1 and 3.2). */
export type CloudEvent<Type extends string = string, Data = unknown> = TraceContext & {
  specversion: '1.0';
  id: string;
  source: string;
  type: Type;
  time?: string | undefined;
  subject?: string | undefined;
  datacontenttype?: string | undefined;
  data: Data;
};

/** The W3C trace that an event belongs to (https://www.w3.org/TR/trace-context/), as CloudEvents' extension for tracing names it. */
export type TraceContext = { traceparent?: string | undefined; tracestate?: string | undefined };

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
  /** Who sends it: the stack itself, or the shop's existing services. */
  sentBy: 'stack' | 'services';
  description: string;
  data: v.GenericSchema<unknown, Data>;
  schema: v.GenericSchema<unknown, CloudEvent<Type, Data>>;
};

/** The event type that a contract describes. */
export type EventOf<C> = C extends EventContract<infer Type, infer Data> ? CloudEvent<Type, Data> : never;

// What JSON does not escape and SQS does not carry (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html).
const NONCHARACTERS = /[\ufffe\uffff]/g;
const WELL_FORMED = 'must be valid Unicode, without lone surrogates, U+FFFE and U+FFFF';

const isWellFormed = (text: string) => text.isWellFormed() && text.search(NONCHARACTERS) === -1;

/** Builds a schema for a string of `minLength` (1 unless given) to `maxLength` code points, as JSON Schema counts, that a queue can carry. */
export const boundedText = (maxLength: number, minLength: 0 | 1 = 1) =>
  v.pipe(
    v.string('must be a string'),
    v.minLength(minLength, 'must not be empty'),
    v.maxCodePoints(maxLength, `must be at most ${maxLength} characters`),
    v.check(isWellFormed, WELL_FORMED),
  );

/** Makes any text fit `boundedText(maxLength)`: replaces what cannot be carried, and cuts the end. Empty text stays empty. */
export const toBoundedText = (text: string, maxLength: number): string =>
  [...text.toWellFormed().replaceAll(NONCHARACTERS, '\ufffd')].slice(0, maxLength).join('');

/** Builds a schema for a string that matches `pattern`; `rule` completes the problem text "must be …". */
export const textMatching = (pattern: RegExp, rule: string) =>
  v.pipe(
    v.string('must be a string'),
    v.regex(pattern, `must be ${rule}`),
    // A raw check has no keyword in the JSON Schema, where the pattern's rule stays the description.
    v.rawCheck(({ dataset, addIssue }) => {
      if (dataset.typed && !isWellFormed(dataset.value)) addIssue({ message: WELL_FORMED });
    }),
  );

/**
 * Makes a member advisory: what does not fit `schema` is read as absent (or as `instead`), so that what does not matter to money or
 * goods never costs an order. The JSON Schema says what to send.
 */
export const advisory = <T>(schema: v.GenericSchema<unknown, T>, instead?: T) =>
  v.optional(v.fallback(v.optional(schema), instead));

/** An RFC 3339 time. Parsing normalizes it, see `normalizeTime`. The metadata are keywords of its JSON Schema. */
export const timestamp = v.pipe(
  v.string('must be a string'),
  v.rawTransform<string, string>(({ dataset, addIssue, NEVER }) => {
    const time = normalizeTime(dataset.value);
    if (time !== undefined) return time;
    addIssue({ message: 'must be an RFC 3339 timestamp such as 2026-11-21T09:00:00Z' });
    return NEVER;
  }),
  v.metadata({ format: 'date-time', pattern: RFC_3339_PATTERN }),
);

// The parameters of a media type do not change what JSON is: it is always UTF-8 (RFC 8259).
const JSON_MEDIA_TYPE = /^[A-Za-z]+\/([A-Za-z0-9!#$&^_.-]+\+)?[Jj][Ss][Oo][Nn] *(;.*)?$/;

const envelope = {
  specversion: v.optional(v.literal('1.0', 'must be "1.0"'), '1.0'),
  id: boundedText(256),
  source: boundedText(256),
  time: v.optional(timestamp),
  subject: advisory(boundedText(256)),
  datacontenttype: v.optional(
    textMatching(JSON_MEDIA_TYPE, 'a JSON media type such as application/json'),
    'application/json',
  ),
  traceparent: advisory(boundedText(512)),
  tracestate: advisory(boundedText(512)),
};

/** Keeps a trace context that can be read. Without a readable `traceparent`, the `tracestate` means nothing (W3C, section 4.3). */
function withReadableTrace(received: Record<string, unknown>) {
  const { traceparent, tracestate } = received;
  const readable = typeof traceparent === 'string' ? readTraceparent(traceparent) : undefined;
  const isKeptAsItIs = readable === traceparent && (readable !== undefined || tracestate === undefined);
  if (isKeptAsItIs) return received;
  const { traceparent: _, tracestate: __, ...event } = received;
  return readable === undefined
    ? event
    : { ...event, traceparent: readable, ...(tracestate === undefined ? {} : { tracestate }) };
}

/** Returns the trace context of an event, to be passed on to the events that follow from it. */
export const traceContextOf = ({ traceparent, tracestate }: TraceContext): TraceContext =>
  traceparent === undefined ? {} : { traceparent, ...(tracestate === undefined ? {} : { tracestate }) };

/** Defines an event's contract. Derives the schema of the whole CloudEvent from the schema of its `data`. */
export function defineEvent<const Type extends string, Data>(definition: {
  type: Type;
  channel: Channel;
  source?: string;
  /** @default the stack if the contract names a source, else the shop's existing services */
  sentBy?: 'stack' | 'services';
  description: string;
  data: v.GenericSchema<unknown, Data>;
}): EventContract<Type, Data> {
  const { type, source, data, sentBy = source === undefined ? 'services' : 'stack' } = definition;
  const schema = v.pipe(
    // Unknown attributes are extensions (CloudEvents, section 3.1): they are kept.
    v.looseObject(
      {
        ...envelope,
        type: v.literal(type, `must be "${type}"`),
        source: source === undefined ? envelope.source : v.literal(source, `must be "${source}"`),
        data,
      },
      'must be a JSON object',
    ),
    v.transform((event) => withReadableTrace(event)),
  );
  // The compiler does not see that a loose object without its trace is still the event.
  return {
    ...definition,
    source,
    sentBy,
    schema: schema as unknown as v.GenericSchema<unknown, CloudEvent<Type, Data>>,
  };
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
    /** @default none: the event's subject determines its trace */
    trace?: TraceContext;
  },
): CloudEvent<Type, Data> {
  const { id, time, subject, data, trace = {} } = parts;
  return {
    specversion: '1.0',
    id,
    source: parts.source ?? contract.source ?? '/shop',
    type: contract.type,
    time,
    subject,
    datacontenttype: 'application/json',
    ...traceContextOf(trace),
    data,
  };
}
