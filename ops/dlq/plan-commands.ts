import type { Command } from 'commander';
import type { ChangeOptions } from '../command.ts';
import { InterruptedError } from '../errors.ts';
import { plural } from '../format.ts';
import { interruptible } from '../interruption.ts';
import { print } from '../output.ts';
import { printNotice } from '../progress.ts';
import { addSelectorOptions } from './inspect-commands.ts';
import { resultProblem, type Unseen, unseenIn, unseenProblem } from './outcome.ts';
import {
  countUnread,
  type ExecuteOptions,
  type Plan,
  type PlanResult,
  type Selectors,
  sizeOf,
  type UnreadMeant,
} from './plan.ts';

export type MoveOptions = ChangeOptions & Selectors;

/** What a command does with dead letters, in its texts and as the key of its result. */
export type Action = { pastTense: string; countKey: 'moved' | 'discarded' | 'parked' | 'unparked' };

/** Adds the options that select what a command moves or discards. */
export const addMoveOptions = (command: Command): Command =>
  addSelectorOptions(command.option('--all', 'every dead letter of every consumer'));

const NOTHING_FOUND = 'There are no such dead letters.';

export function printNothingDone(json: boolean | undefined, { countKey }: Action, text: string): void {
  print(json, { [countKey]: 0, failed: 0 }, () => text);
}

/** Prints that there are no such dead letters; throws where there may be some that nobody can receive now. */
export function reportNothingFound(json: boolean | undefined, action: Action, unseen: Unseen): void {
  const problem = unseenProblem(unseen);
  if (problem === undefined) printNothingDone(json, action, NOTHING_FOUND);
  else {
    if (json) print(json, { [action.countKey]: 0, failed: 0, ...unseenCounts(unseen) }, () => '');
    throw new Error(problem);
  }
}

const unseenCounts = ({ inFlight, behind }: Unseen) => ({
  ...(inFlight === 0 ? {} : { inFlight }),
  ...(behind === 0 ? {} : { unread: behind }),
});

type Run = {
  plan: Plan;
  unread: UnreadMeant;
  startedAt: number;
  json: boolean | undefined;
  action: Action;
  details?: object;
};

/**
 * Runs an operation on a plan, shows its progress and prints its result; throws a sentence unless all that was asked for is done. Ctrl-C
 * ends the operation after the batch it is at, and the result is printed all the same.
 */
export async function runWithProgress(
  { plan, unread, startedAt, json, action, details = {} }: Run,
  operation: (context: Required<Pick<ExecuteOptions, 'signal' | 'notify' | 'onProgress'>>) => Promise<PlanResult>,
): Promise<void> {
  const progress = progressCounter(sizeOf(plan) + countUnread(plan, unread), action.pastTense);
  let interrupted = false;
  const done = await interruptible(
    'Interrupted: finishing the current batch; run it again to go on.',
    async (signal) => {
      try {
        return await operation({ signal, notify: printNotice, onProgress: progress.add });
      } finally {
        interrupted = signal.aborted;
        progress.end();
      }
    },
  );
  const unseen = unseenIn(plan, unread, startedAt);
  const result = {
    [action.countKey]: done.moved,
    failed: done.failed.length,
    ...(done.missing === 0 ? {} : { missing: done.missing }),
    ...unseenCounts({ ...unseen, behind: unseen.behind + done.unread }),
    ...details,
    ...(done.failed.length === 0 ? {} : { failures: done.failed }),
  };
  print(json, result, () => `${done.moved} of ${plural(done.total, 'dead letter')} ${action.pastTense}.`);
  if (interrupted) throw new InterruptedError('Interrupted.');
  const problem = resultProblem(done, unseen);
  if (problem !== undefined) throw new Error(problem);
}

const PROGRESS_INTERVAL_MS = 1_000;

/** Reports now and then how many are done, and at the end too if it ends early. */
function progressCounter(total: number, pastTense: string) {
  let done = 0;
  let reportedAt = Date.now();
  return {
    add(count: number) {
      done += count;
      if (Date.now() - reportedAt < PROGRESS_INTERVAL_MS) return;
      reportedAt = Date.now();
      // Behind those that were counted more may come into sight.
      printNotice(`${done} of ${Math.max(done, total)} ${pastTense}`);
    },
    end() {
      if (done < total) printNotice(`${done} of ${total} ${pastTense}`);
    },
  };
}
