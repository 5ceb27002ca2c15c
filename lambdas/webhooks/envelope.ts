import * as v from 'valibot';
import { tryParse } from '../../contracts/parse.ts';

const schema = v.strictObject({ endpoint: v.string(), event: v.record(v.string(), v.unknown()) });

/** An event and the endpoint that it is to be posted to, as the endpoint's rule on the bus puts them into a message. */
export type Envelope = v.InferOutput<typeof schema>;

/** Reads an envelope; `undefined` for any other body. */
export function readEnvelope(body: string): Envelope | undefined {
  const { success, output } = v.safeParse(schema, tryParse(body));
  return success ? output : undefined;
}
