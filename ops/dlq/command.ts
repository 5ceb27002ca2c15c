import { Command } from 'commander';
import { type ChangeOptions, changingCommand, wholeNumber } from '../command.ts';
import { confirmChange } from '../confirm.ts';
import { InterruptedError } from '../errors.ts';
import { plural } from '../format.ts';
import { interruptible } from '../interruption.ts';
import { NOTHING_TOUCHED, print } from '../output.ts';
import { pauseNotices } from '../pause/paused-consumers.ts';
import { printNotice } from '../progress.ts';
import { connectToShop } from '../stack.ts';
import { runCarefully } from './careful-commands.ts';
import { defaultFile, discard } from './discard.ts';
import { editBodies } from './edit-bodies.ts';
import { addSelectorOptions, listCommand, scanWithProgress, showCommand } from './inspect-commands.ts';
import { describePlan, resultProblem, type Unseen, unseenIn, unseenProblem } from './outcome.ts';
import {
  checkSelectors,
  countUnread,
  type ExecuteOptions,
  matcherOf,
  narrowPlan,
  type Plan,
  type PlanResult,
  type Selectors,
  sizeOf,
  type UnreadMeant,
  unreadMeant,
} from './plan.ts';
import { putBack } from './put-back.ts';
import { editInEditor, editorFrom } from './terminal.ts';

type MoveOptions = ChangeOptions & Selectors;

/** What a command does with dead letters, in its texts and as the key of its result. */
type Action = { pastTense: string; countKey: 'moved' | 'discarded' };
const REDRIVE: Action = { pastTense: 'put back', countKey: 'moved' };
const DISCARD: Action = { pastTense: 'discarded', countKey: 'discarded' };

/** `ops dlq` */
export function dlqCommand(): Command {
  return new Command('dlq')
    .description('See the dead letters of all consumers and partners, put them back, or discard them.')
    .addHelpText('after', '\nExample:\n  npm run ops -- dlq list')
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(redriveCommand())
    .addCommand(discardCommand());
}

function redriveCommand(): Command {
  return addMoveOptions(
    changingCommand(
      'redrive',
      'Put dead letters back into the one queue they failed in; what was interrupted can be run again.',
      'dlq redrive --consumer payment --yes',
      'dlq redrive --reason "quantity: must be at least 1" --rate 20',
      "dlq redrive --order '#1029' --edit",
    ),
  )
    .option('--rate <n>', 'how many a second, at most', wholeNumber(1, 10_000), 100)
    .option(
      '--edit',
      'open each message in your editor first, once for all its consumers, and put back those you changed; the original is kept as an attribute',
    )
    .option('--force', 'with --edit: send a body that breaks the contract')
    .option(
      '--carefully',
      'put ten back at a time, wait until their consumer has decided on them, and stop when any of them fails again',
    )
    .action(runRedrive);
}

async function runRedrive({
  json,
  yes,
  rate,
  edit,
  force,
  carefully,
  ...options
}: MoveOptions & { rate: number; edit?: boolean; force?: boolean; carefully?: boolean }): Promise<void> {
  checkSelectors(options, true);
  const editor = edit ? editorFrom(process.env) : undefined;
  const startedAt = Date.now();
  const shop = await connectToShop(options);
  const found = await scanWithProgress(shop, options, { awaitInFlight: true });
  if (sizeOf(found) === 0) return reportNothingFound(json, REDRIVE, unseenIn(found, unreadMeant(options), startedAt));
  const editedBodies = editor === undefined ? undefined : await editBodies(found, editWith(editor), { force });
  if (editedBodies?.size === 0) {
    if (json) print(json, { moved: 0, failed: 0, unchanged: true }, () => '');
    throw new Error('No body was changed, so nothing was moved: leave out --edit to put them back as they are.');
  }
  const selects = editedBodies === undefined ? matcherOf(options) : ({ id }: { id: string }) => editedBodies.has(id);
  const plan = narrowPlan(found, selects);
  const consumers = plan.flatMap(({ queue, deadLetters }) => (deadLetters.length > 0 ? [queue.consumer] : []));
  for (const notice of carefully ? [] : await pauseNotices(shop, consumers)) printNotice(notice);
  // What was edited was read.
  const unread = editedBodies === undefined ? unreadMeant(options) : 'none';
  if (!(await confirmChange(shop, `Put ${describePlan(plan, unread)} back?`, { yes, always: true }))) {
    return printNothingDone(json, REDRIVE, NOTHING_TOUCHED);
  }
  const moving = { rate, startedAt, selects, unread, editedBodies };
  if (carefully) return runCarefully(shop, plan, moving, json);
  await runWithProgress({ plan, unread, startedAt, json, action: REDRIVE }, (context) =>
    putBack(shop, plan, { ...moving, ...context }),
  );
}

function discardCommand(): Command {
  return addMoveOptions(
    changingCommand(
      'discard',
      'Delete dead letters for good, after writing them to a file that you alone can read.',
      'dlq discard --consumer stock --reason ContractError --to stock.jsonl',
    ),
  )
    .option('--to <file>', 'the file, which must not exist yet (by default one in this folder, named after the time)')
    .action(runDiscard);
}

async function runDiscard({ json, yes, to, ...options }: MoveOptions & { to?: string }): Promise<void> {
  checkSelectors(options, true);
  const startedAt = Date.now();
  const shop = await connectToShop(options);
  const plan = await scanWithProgress(shop, options, { awaitInFlight: true });
  const unread = unreadMeant(options);
  if (sizeOf(plan) === 0) return reportNothingFound(json, DISCARD, unseenIn(plan, unread, startedAt));
  if (!(await confirmChange(shop, `Discard ${describePlan(plan, unread)} for good?`, { yes, always: true }))) {
    return printNothingDone(json, DISCARD, NOTHING_TOUCHED);
  }
  const file = to ?? defaultFile(new Date());
  printNotice(`They are kept in ${file}, with everything personal in them.`);
  await runWithProgress({ plan, unread, startedAt, json, action: DISCARD, details: { file } }, (context) =>
    discard(plan, file, { startedAt, selects: matcherOf(options), unread, ...context }),
  );
}

const addMoveOptions = (command: Command): Command =>
  addSelectorOptions(command.option('--all', 'every dead letter of every consumer'));

// Standard output is the command's result: an editor that cannot have the terminal there gets it from standard error.
const editWith = (editor: string) => (body: string, title: string) => {
  printNotice(`Editing the message of ${title}`);
  return editInEditor(body, editor, process.stdout.isTTY ? 'inherit' : process.stderr);
};

const NOTHING_FOUND = 'There are no such dead letters.';

function printNothingDone(json: boolean | undefined, { countKey }: Action, text: string): void {
  print(json, { [countKey]: 0, failed: 0 }, () => text);
}

/** Prints that there are no such dead letters; throws where there may be some that nobody can receive now. */
function reportNothingFound(json: boolean | undefined, action: Action, unseen: Unseen): void {
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
async function runWithProgress(
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
