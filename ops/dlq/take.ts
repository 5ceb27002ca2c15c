import { note } from '../progress.ts';
import { giveBack, holdSeconds, tens } from './hands.ts';
import { groupOf, type Letter } from './letter.ts';
import type { DeadLetterQueue, Refusals } from './queue.ts';

/** What became of the letters that were to be taken out. */
export type Taken = {
  done: string[];
  /** By id, why: they stay where they were. */
  refused: Map<string, string>;
};

export type Taking = {
  /** The letters to take out; whatever else is received is given back. */
  wanted: (letter: Letter) => boolean;
  /** What must have succeeded for a letter before it is deleted; gives those it failed for. At most ten at a time. */
  act: (letters: readonly Letter[]) => Promise<Refusals>;
  /** True once nothing is left to look for. */
  complete?: (taken: Taken) => boolean;
  /** How many letters may be received at a time, and for how many seconds nobody else sees them. */
  ahead?: number;
  seconds?: number;
  signal?: AbortSignal | undefined;
};

// A command that is killed leaves ten letters unseen for so long, so it is short where a repetition harms least.
const SECONDS = { standard: 7, fifo: 30 };
const EMPTY_ANSWERS = 2;
const SEEN_AGAIN_SECONDS = 10;
// Letters that stay come by again once their time is up; that must not go on for ever.
const STALE_ANSWERS = 100;
const OVERTAKING = 'an earlier letter of its group stays, which it must not overtake';

/**
 * Takes wanted letters out of a queue: first the act, then the deletion, so that a command that dies in between leaves a
 * letter in both places, never in none. Where the queue keeps a sequence, letters of one group go one after the other,
 * and none goes before an earlier one that stays.
 */
export async function takeOut(queue: DeadLetterQueue, taking: Taking): Promise<Taken> {
  const { wanted, act, complete = () => false, signal } = taking;
  const taken: Taken = { done: [], refused: new Map() };
  const inHand = new Map<string, Letter>();
  const stopped = new Set<string>();
  const gone = new Set<string>();
  const { waiting } = await queue.depth();
  const { ahead = queue.fifo ? 50 : 10, seconds = queue.fifo ? SECONDS.fifo : SECONDS.standard } = taking;

  const stay = (letter: Letter, why?: string) => {
    const group = groupOf(letter);
    if (queue.fifo && group !== undefined) stopped.add(group);
    if (why !== undefined) taken.refused.set(letter.id, why);
  };
  const keep = async (letters: readonly Letter[]) => {
    // In a short queue seeing them again costs less than holding them, and nobody has to wait for them.
    if (holdSeconds(waiting) <= seconds + SEEN_AGAIN_SECONDS) return;
    for (const call of tens(letters)) await queue.hold(call, holdSeconds(waiting));
  };
  const remove = async (letters: readonly Letter[]) => {
    const refused = await removeAll(queue, letters);
    for (const letter of letters) {
      if (!gone.has(letter.id)) taken.done.push(letter.id);
      gone.add(letter.id);
      if (!refused.has(letter.id)) inHand.delete(letter.id);
    }
    if (refused.size > 0) {
      note(
        `${queue.consumer}: ${refused.size} letters could not be deleted and are in both queues; run it again later.`,
      );
    }
  };

  try {
    for (let empty = 0, stale = 0; empty < EMPTY_ANSWERS && stale < STALE_ANSWERS && !complete(taken); ) {
      if (signal?.aborted) break;
      const letters = await receive(queue, ahead, seconds, inHand);
      const fresh = letters.filter(({ id }) => !gone.has(id) && !taken.refused.has(id));
      empty = letters.length > 0 ? 0 : empty + 1;
      stale = fresh.length > 0 ? 0 : stale + 1;
      await remove(letters.filter(({ id }) => gone.has(id)));
      // Those that stay must not come by again and again while the others go.
      await keep(letters.filter((letter) => taken.refused.has(letter.id) || !wanted(letter)));
      for (const wave of waves(fresh, queue.fifo)) {
        if (signal?.aborted) break;
        const ready: Letter[] = [];
        for (const letter of wave) {
          if (!wanted(letter)) stay(letter);
          else if (stopped.has(groupOf(letter) ?? '')) stay(letter, OVERTAKING);
          else ready.push(letter);
        }
        if (ready.length === 0) continue;
        const refused = await act(ready);
        for (const letter of ready) if (refused.has(letter.id)) stay(letter, refused.get(letter.id));
        await remove(ready.filter(({ id }) => !refused.has(id)));
        await keep(ready.filter(({ id }) => refused.has(id)));
      }
    }
    return taken;
  } finally {
    await giveBack(queue, [...inHand.values()]);
  }
}

/** Receives up to so many letters and notes that they are in hand. A call tends to have one group only, so several fill a wave. */
async function receive(
  queue: DeadLetterQueue,
  most: number,
  seconds: number,
  inHand: Map<string, Letter>,
): Promise<Letter[]> {
  const got: Letter[] = [];
  do {
    const some = await queue.receive(Math.min(10, most - got.length), seconds);
    for (const letter of some) inHand.set(letter.id, letter);
    got.push(...some);
    if (some.length === 0) break;
  } while (queue.fifo && got.length < most);
  return got;
}

/** Deletes letters, twice if need be; gives those that stayed. */
async function removeAll(queue: DeadLetterQueue, letters: readonly Letter[]): Promise<Refusals> {
  if (letters.length === 0) return new Map();
  const refused = await queue.remove(letters);
  return refused.size === 0 ? refused : queue.remove(letters.filter(({ id }) => refused.has(id)));
}

/** Cuts letters into calls of ten; where a sequence is kept, no call has two of a group, for SQS may refuse just the first. */
export function waves(letters: readonly Letter[], fifo: boolean): Letter[][] {
  if (!fifo) return tens(letters);
  const rounds: Letter[][] = [];
  const round = new Map<string, number>();
  for (const letter of letters) {
    const group = groupOf(letter) ?? letter.id;
    const number = round.get(group) ?? 0;
    round.set(group, number + 1);
    rounds[number] = [...(rounds[number] ?? []), letter];
  }
  return rounds.flatMap((one) => tens(one));
}
