import { MAX_BATCH_ENTRIES } from '../../lambdas/runtime/message-size.ts';
import { isAwaited, type Probe, readProbe } from '../../lambdas/runtime/probe.ts';
import type { DeadLetter } from '../dlq/dead-letter.ts';
import type { LetterReceiver } from '../dlq/letter-receiver.ts';
import { release, visibilitySeconds } from '../dlq/visibility.ts';

/**
 * Waits for a run's probe in a dead-letter queue and removes it, with those that earlier runs left; every other dead letter that it meets is
 * released in the end. Returns `undefined` once `isOver`. It receives all the time, so that the probe is in the queue for a moment only and
 * no alarm sees it.
 */
export async function takeProbe(
  queue: LetterReceiver,
  nonce: string,
  isOver: () => boolean,
  now: () => number = Date.now,
): Promise<DeadLetter | undefined> {
  const held = new Map<string, DeadLetter>();
  try {
    const { waiting } = await queue.depth();
    const seconds = visibilitySeconds(waiting);
    while (!isOver()) {
      const received = await queue.receive(MAX_BATCH_ENTRIES, seconds);
      const probes = received.flatMap((letter) => {
        const probe = readProbe(letter.body);
        return probe === undefined ? [] : [{ letter, probe }];
      });
      const isOwn = ({ probe }: { probe: Probe }) => probe.nonce === nonce;
      // That of a run that still waits is its own business.
      const removed = probes.filter((one) => isOwn(one) || !isAwaited(one.probe, now())).map(({ letter }) => letter);
      for (const letter of received) if (!removed.includes(letter)) held.set(letter.id, letter);
      await removeAll(queue, removed);
      const own = probes.find(isOwn);
      if (own !== undefined) return own.letter;
    }
    return undefined;
  } finally {
    await release(queue, [...held.values()]);
  }
}

/** Removes dead letters, at the second attempt if need be; what stays is left to the next run. */
async function removeAll(queue: LetterReceiver, letters: readonly DeadLetter[]): Promise<void> {
  if (letters.length === 0) return;
  const failures = await queue.remove(letters);
  if (failures.size > 0) await queue.remove(letters.filter(({ id }) => failures.has(id)));
}
