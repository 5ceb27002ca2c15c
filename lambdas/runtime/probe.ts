import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { ContractError, unwrapBody } from '../../contracts/parse.ts';

/** The only source of probes; no event of the shop has it. */
export const PROBE_SOURCE = '/shop/verify';

/** The error type of a dead letter that is a probe. */
export const PROBE_ERROR_TYPE = 'Probe';

/** How long a run may wait for its probes. A probe that claims to be awaited for longer was made up. */
export const MAX_PROBE_SECONDS = 3_600;

export type ProbeExpectation = 'acknowledge' | 'dead-letter';

/** A message by which `ops verify` finds out whether one hop delivers. It is no event: no contract, handler or metric knows it. */
export type Probe = {
  type: string;
  /** The consumer that it asks; any other that receives it ignores it. */
  consumer: string;
  /** Tells the runs of `ops verify` apart. */
  nonce: string;
  expect: ProbeExpectation;
  /** In milliseconds since 1970: from then on nobody waits for it, and it is acknowledged whatever it expects; at most `MAX_PROBE_SECONDS` ahead. */
  until: number;
};

const PREFIX = 'shop.verify.';
const TYPE = /^shop\.verify\.([a-z][a-z\d-]{0,62})\.[\da-f]{12}$/;
const NONCE = /^[\da-z]{8,40}$/;
const schema = v.object({
  source: v.literal(PROBE_SOURCE),
  type: v.pipe(v.string(), v.regex(TYPE)),
  data: v.object({
    probe: v.pipe(v.string(), v.regex(NONCE)),
    expect: v.picklist(['acknowledge', 'dead-letter']),
    until: v.number(),
  }),
});
// A probe is smaller, also in an envelope.
const MAX_CHARACTERS = 4_096;

/**
 * Returns the type of the probes of one filter of a consumer: its `values` are digested, so that what passes is the new filter where one
 * was changed, and each filter of a consumer has a type of its own.
 */
export function probeTypeOf(consumer: string, values: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(values.toSorted())).digest('hex');
  return `${PREFIX}${consumer}.${digest.slice(0, 12)}`;
}

/** Tells whether a value is the type of a probe. */
export const isProbeType = (value: unknown): value is string => typeof value === 'string' && TYPE.test(value);

/** Tells whether somebody waits for a probe. */
export const isAwaited = ({ until }: Probe, now: number): boolean =>
  until > now && until <= now + MAX_PROBE_SECONDS * 1_000;

/** Builds the message of a probe. */
export const probeMessage = ({ type, nonce, expect, until }: Omit<Probe, 'consumer'>) => ({
  specversion: '1.0',
  id: nonce,
  source: PROBE_SOURCE,
  type,
  datacontenttype: 'application/json',
  data: { probe: nonce, expect, until },
});

/** Reads a probe from a message's body, also from an envelope; `undefined` for everything else. */
export function readProbe(body: string): Probe | undefined {
  // Nearly every message is none: a glance has to do.
  if (body.length > MAX_CHARACTERS || !body.includes(PREFIX)) return undefined;
  const { success, output } = v.safeParse(schema, messageIn(body));
  if (!success) return undefined;
  const { type, data } = output;
  return { type, consumer: TYPE.exec(type)?.[1] ?? '', nonce: data.probe, expect: data.expect, until: data.until };
}

function messageIn(body: string): unknown {
  try {
    const { message } = unwrapBody(body);
    // The rules of `webhooks` name the endpoint beside the event.
    return 'endpoint' in message ? message.event : message;
  } catch (error) {
    if (error instanceof ContractError) return {};
    throw error;
  }
}
