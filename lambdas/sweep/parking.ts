import { describeForLog } from '../runtime/failure.ts';
import { log, writeLines } from '../runtime/log.ts';
import { valueLine } from '../runtime/metrics.ts';
import { type ParkedLetter, readParkedLetter } from './parked-letter.ts';
import type { HeldMessage, ParkingQueue } from './parking-queue.ts';
import { isLookDue, parkingActionFor } from './parking-rules.ts';
import type { Sweep } from './review.ts';

/** The parking queue, and how long a letter may be parked in all. */
export type Parking = { queue: ParkingQueue; parkedDays: number };

/** One look at the parking queue. `survivors`: which message holds each letter now, by the letter's id; `undefined` once it went back. */
type Look = Parking & { now: Date; survivors: Map<string, string | undefined>; kept: HeldMessage[]; failures: Error[] };

/**
 * Looks at the parking queue once a day: sends again what the queue would forget, and puts back what has been parked for long enough. Returns when
 * it last looked, which is `last` unless all of the queue was looked at and nothing failed. What fails is added to the failures of the run, and
 * keeps it from nothing.
 */
export async function lookAfterParked(
  { queue, parkedDays }: Parking,
  { now, hasTime, failures }: Pick<Sweep, 'now' | 'hasTime' | 'failures'>,
  last: string | undefined,
): Promise<string | undefined> {
  if (!isLookDue(last, now)) return last;
  const look: Look = { queue, parkedDays, now, survivors: new Map(), kept: [], failures: [] };
  const isComplete = await receiveAll(look, hasTime).catch((error: unknown) => fail(look, error));
  await queue.release(look.kept).catch((error: unknown) => fail(look, error));
  failures.push(...look.failures);
  const looked = isComplete === true && look.failures.length === 0 ? now.toISOString() : last;
  reportUnattended(looked, now);
  return looked;
}

const HOUR_MS = 3_600_000;
// One look may fail and be made good by the next run.
const UNATTENDED_HOURS = 36;

/** Counts for how long nobody got through the parked letters, each of which ends after fourteen days. `last` is when somebody did. */
function reportUnattended(last: string | undefined, now: Date): void {
  const hours = last === undefined ? 0 : (now.getTime() - Date.parse(last)) / HOUR_MS;
  if (hours < UNATTENDED_HOURS) return;
  writeLines([valueLine('sweep', { ParkedUnattendedHours: hours }, 'parked letters unattended', now.getTime())]);
}

/** Handles every message of the queue; returns whether there was time for all. */
async function receiveAll(look: Look, hasTime: () => boolean): Promise<boolean> {
  while (hasTime()) {
    const messages = await look.queue.receive();
    if (messages.length === 0) return true;
    for (const message of messages) {
      const letter = readParkedLetter(message.body);
      if (letter === undefined) {
        log.warn('the parking queue holds a message that is no parked letter', { messageId: message.messageId });
        look.kept.push(message);
      } else await handle(look, message, letter).catch((error: unknown) => fail(look, error, letter));
    }
  }
  return false;
}

/** Sends first and deletes after: a run that dies in between leaves a letter in both places, never in none. */
async function handle(look: Look, message: HeldMessage, letter: ParkedLetter): Promise<void> {
  const { queue, survivors } = look;
  const action = parkingActionFor({ ...message, letter }, look);
  if (action === 'keep') {
    survivors.set(letter.id, message.messageId);
    look.kept.push(message);
    return;
  }
  if (action === 'renew') survivors.set(letter.id, await queue.resend(message.body));
  if (action === 'return') {
    await queue.sendBack(letter);
    survivors.set(letter.id, undefined);
    const { consumer, id: messageId } = letter;
    log.warn('a dead letter was parked for too long and is back in its queue', { consumer, messageId });
  }
  await queue.remove(message);
}

function fail({ failures }: Look, error: unknown, letter?: ParkedLetter): void {
  const which = letter === undefined ? {} : { consumer: letter.consumer, messageId: letter.id };
  log.error('parked letters could not be looked after', { ...which, ...describeForLog(error) });
  failures.push(error instanceof Error ? error : new Error(String(error)));
}
