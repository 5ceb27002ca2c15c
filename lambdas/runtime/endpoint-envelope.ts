import * as v from 'valibot';
import { tryParse } from '../../contracts/parse.ts';

const schema = v.strictObject({ endpoint: v.string(), event: v.record(v.string(), v.unknown()) });
const BEGINNING = /^\s*\{\s*"endpoint"/;

/** An event and the endpoint that it is to be posted to. */
export type EndpointEnvelope = v.InferOutput<typeof schema>;

/** Wraps an event for an endpoint, as the endpoint's rule on the bus does. */
export const wrapForEndpoint = (envelope: EndpointEnvelope): string =>
  JSON.stringify({ endpoint: envelope.endpoint, event: envelope.event });

/** Reads the envelope that the rule of an endpoint makes; `undefined` for any other body. */
export function readEndpointEnvelope(body: string): EndpointEnvelope | undefined {
  if (!BEGINNING.test(body)) return undefined;
  const { success, output } = v.safeParse(schema, tryParse(body));
  return success ? output : undefined;
}
