import * as v from 'valibot';
import { tryParse } from '../../contracts/parse.ts';

/** The replay that sent an event again, and whether its consumer may do more than complete its own record. */
export type Replay = { name: string; withEffects: boolean };

/** An event that was sent again: its body, unchanged, and the replay that did it. */
export type ReplayedBody = Replay & { body: string };

// No other member: what has a `type` passed a topic's filter, so a publisher made it up.
const envelope = v.strictObject({ replay: v.string(), withEffects: v.boolean(), event: v.string() });
const BEGINNING = '{"replay":';

/**
 * Wraps an event for the queue of one consumer. The envelope is what tells a replay, because an attribute may be any publisher's: it has no
 * `type`, so that no filter of the topic lets it through, and the one queue that the topic does not filter takes no replays.
 */
export const wrapReplayed = ({ name, withEffects, body }: ReplayedBody): string =>
  JSON.stringify({ replay: name, withEffects, event: body } satisfies v.InferOutput<typeof envelope>);

/** Unwraps a replayed event; `undefined` for any other body. */
export function readReplayed(body: string): ReplayedBody | undefined {
  if (!body.startsWith(BEGINNING)) return undefined;
  const { success, output } = v.safeParse(envelope, tryParse(body));
  return success ? { name: output.replay, withEffects: output.withEffects, body: output.event } : undefined;
}
