import { Interrupted, interruptible } from '../interruption.ts';
import { print } from '../output.ts';
import { note } from '../progress.ts';
import type { Done, Plan } from './plan.ts';

/** What a command does, for people and in its result. */
export type Verb = { past: string; count: 'moved' | 'discarded' };
export const MOVED: Verb = { past: 'put back', count: 'moved' };
export const DISCARDED: Verb = { past: 'discarded', count: 'discarded' };

/** Does the work on planned letters, says how it goes, and prints what came of it; an interruption ends it after what is in hand. */
export async function carry(
  plan: Plan,
  json: boolean | undefined,
  verb: Verb,
  work: (signal: AbortSignal, onMoved: (count: number) => void) => Promise<Done>,
  besides: object = {},
): Promise<void> {
  const total = plan.reduce((sum, { letters }) => sum + letters.length, 0);
  const progress = counter(total, verb.past);
  let interrupted = false;
  const { moved, failed, missing } = await interruptible(
    'Interrupted: finishing what is in hand; run it again to go on.',
    async (signal) => {
      try {
        return await work(signal, progress.more);
      } finally {
        interrupted = signal.aborted;
        progress.end();
      }
    },
  );
  const failures = failed.length === 0 ? {} : { failures: failed };
  const gone = missing === 0 ? {} : { missing };
  const result = { [verb.count]: moved, failed: failed.length, ...gone, ...besides, ...failures };
  print(json, result, () => `${moved} of ${total} dead letters ${verb.past}.`);
  if (missing > 0) note(`${missing} were not there any more, or are in somebody's hands: see npm run ops -- dlq list`);
  if (interrupted) throw new Interrupted('Interrupted.');
  const [first] = failed;
  if (first !== undefined) {
    throw new Error(
      `${failed.length} stay where they were, the first of them (${first.consumer} ${first.id}): ${first.why}`,
    );
  }
}

const EVERY_MS = 1_000;

/** Says now and then how many went, and at the end too if it ends early. */
function counter(total: number, verb: string) {
  let moved = 0;
  let said = Date.now();
  return {
    more(count: number) {
      moved += count;
      if (Date.now() - said < EVERY_MS) return;
      said = Date.now();
      note(`${moved} of ${total} ${verb}`);
    },
    end() {
      if (moved < total) note(`${moved} of ${total} ${verb}`);
    },
  };
}
