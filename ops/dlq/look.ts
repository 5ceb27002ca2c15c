import { note } from '../progress.ts';
import { giveBack, holdSeconds, MOST_HELD } from './hands.ts';
import type { Letter } from './letter.ts';
import type { DeadLetterQueue } from './queue.ts';

/** How to look. */
export type Looking = {
  signal?: AbortSignal | undefined;
  /** Wait for letters that are in somebody's hands, as those are that a command held when it was killed. */
  patient?: boolean;
  /** Look no further once this one was seen. */
  until?: ((letter: Letter) => boolean) | undefined;
  now?: () => number;
};

const AT_ONCE = 4;
// The depth is approximate: a queue that says it has letters and gives none is asked again this often.
const EMPTY_ANSWERS = 3;

/**
 * Sees every letter of a queue and gives all of them back, whatever happens. In a queue that keeps a sequence
 * at most ten letters of a group can be seen: SQS shows no more of a group before those are gone.
 */
export async function look(queue: DeadLetterQueue, looking: Looking = {}): Promise<Letter[]> {
  const { signal, patient = false, until = () => false, now = Date.now } = looking;
  const { waiting, held } = await queue.depth();
  const patience = holdSeconds(waiting + held) * 2 + 5;
  const seconds = patient && held > 0 ? patience : holdSeconds(waiting);
  const started = now();
  const seen = new Map<string, Letter>();
  let found = false;
  let said = false;

  const worker = async () => {
    for (let empty = 0; !found && seen.size < MOST_HELD; ) {
      signal?.throwIfAborted();
      const letters = await queue.receive(10, seconds);
      const fresh = letters.filter(({ id }) => !seen.has(id));
      for (const letter of letters) seen.set(letter.id, letter);
      found ||= letters.some(until);
      if (fresh.length > 0) {
        empty = 0;
        continue;
      }
      const depth = await queue.depth();
      const elsewhere = patient && depth.held > seen.size && now() - started < patience * 1000;
      if (elsewhere && !said) {
        said = true;
        note(
          `${queue.consumer}: waiting for ${depth.held - seen.size} letters that are in somebody's hands, up to ${patience} s.`,
        );
      }
      if (elsewhere) continue;
      empty += 1;
      if (depth.waiting === 0 || empty >= EMPTY_ANSWERS) return;
    }
  };

  try {
    await all(Array.from({ length: queue.fifo ? 1 : AT_ONCE }, worker));
    if (!found) await sayWhatIsUnseen(queue, seen.size);
  } finally {
    await giveBack(queue, [...seen.values()]);
  }
  // Who is interrupted while giving back must not go on to what comes after looking.
  signal?.throwIfAborted();
  return [...seen.values()];
}

/** Waits for all, also when one fails: what they still receive has to be given back too. */
export async function all(work: readonly Promise<void>[]): Promise<void> {
  for (const end of await Promise.allSettled(work)) if (end.status === 'rejected') throw end.reason;
}

async function sayWhatIsUnseen(queue: DeadLetterQueue, seen: number): Promise<void> {
  const { waiting, held } = await queue.depth();
  if (queue.fifo && waiting > 0) {
    note(`${queue.consumer}: ${waiting} more letters wait behind others of their group, and show once those are gone.`);
  }
  if (seen >= MOST_HELD) note(`${queue.consumer}: these are the first ${seen}; there may be more.`);
  if (held > seen) note(`${queue.consumer}: ${held - seen} more letters are in somebody's hands right now.`);
}
