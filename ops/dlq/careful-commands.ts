import { InterruptedError } from '../errors.ts';
import { plural } from '../format.ts';
import { interruptible } from '../interruption.ts';
import { print } from '../output.ts';
import { printNotice, updateStatusLine } from '../progress.ts';
import type { DeployedShop } from '../stack.ts';
import { type CarefulOptions, type CarefulProgress, type CarefulResult, redriveCarefully } from './careful.ts';
import { resultProblem, unseenIn } from './outcome.ts';
import type { Plan } from './plan.ts';

type Moving = Omit<CarefulOptions, 'signal' | 'notify' | 'onProgress'>;

/** Puts dead letters back carefully and prints the result; throws a sentence unless all are done. */
export async function runCarefully(
  shop: DeployedShop,
  plan: Plan,
  moving: Moving,
  json: boolean | undefined,
): Promise<void> {
  let interrupted = false;
  const done = await interruptible(
    'Interrupted: finishing the current batch; run it again to go on.',
    async (signal) => {
      const result = await redriveCarefully(shop, plan, {
        ...moving,
        signal,
        notify: printNotice,
        onProgress: (progress) => updateStatusLine(progressLine(progress)),
      });
      interrupted = signal.aborted;
      return result;
    },
  );
  print(json, carefulDocument(done), () => {
    const counts = `${done.done} handled, ${done.failedAgain.length} failed again, ${done.left} left`;
    return `${done.moved} of ${plural(done.total, 'dead letter')} put back: ${counts}.`;
  });
  if (interrupted) throw new InterruptedError('Interrupted.');
  const problem = done.stopped ?? resultProblem(done, unseenIn(plan, moving.unread, moving.startedAt));
  if (problem !== undefined) throw new Error(problem);
}

const progressLine = ({ moved, total, done, failedAgain, undecided }: CarefulProgress): string =>
  `${moved} of ${total} put back: ${done} handled, ${failedAgain} failed again, ${undecided} undecided`;

/** Builds the document of `dlq redrive --carefully --json`. */
function carefulDocument({ failed, failedAgain, undecided, missing, ...result }: CarefulResult) {
  const { moved, done, left, stopped } = result;
  return {
    moved,
    failed: failed.length,
    done,
    failedAgain: failedAgain.length,
    ...(undecided.length === 0 ? {} : { undecided: undecided.length }),
    ...(missing === 0 ? {} : { missing }),
    left,
    ...(stopped === undefined ? {} : { stopped }),
    ...(failed.length === 0 ? {} : { failures: failed }),
  };
}
