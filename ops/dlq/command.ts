import { Command } from 'commander';
import { type ChangeOptions, changingCommand, wholeNumber } from '../command.ts';
import { confirmChange } from '../confirm.ts';
import { InterruptedError } from '../errors.ts';
import { interruptible } from '../interruption.ts';
import { NOTHING_TOUCHED, print } from '../output.ts';
import { pauseNotices } from '../pause/paused-consumers.ts';
import { printNotice } from '../progress.ts';
import { connectToShop } from '../stack.ts';
import { defaultFile, discard } from './discard.ts';
import { editBodies } from './edit-bodies.ts';
import { addSelectorOptions, listCommand, scanWithProgress, showCommand } from './inspect-commands.ts';
import {
  checkSelectors,
  type ExecuteOptions,
  matcherOf,
  narrowPlan,
  type Plan,
  type PlanResult,
  type Selectors,
  sizeOf,
} from './plan.ts';
import { redrive } from './redrive.ts';
import { editInEditor, editorFrom } from './terminal.ts';

type MoveOptions = ChangeOptions & Selectors;

/** What a command does with dead letters, in its texts and as the key of its result. */
type Action = { pastTense: string; countKey: 'moved' | 'discarded' };
const REDRIVE: Action = { pastTense: 'put back', countKey: 'moved' };
const DISCARD: Action = { pastTense: 'discarded', countKey: 'discarded' };

/** `ops dlq` */
export function dlqCommand(): Command {
  return new Command('dlq')
    .description('See the dead letters of all consumers, put them back, or discard them.')
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
    .action(runRedrive);
}

async function runRedrive({
  json,
  yes,
  rate,
  edit,
  force,
  ...options
}: MoveOptions & { rate: number; edit?: boolean; force?: boolean }): Promise<void> {
  checkSelectors(options, true);
  const editor = edit ? editorFrom(process.env) : undefined;
  const startedAt = Date.now();
  const shop = await connectToShop(options);
  const found = await scanWithProgress(shop, options, { awaitInFlight: true });
  if (found.length === 0) return printNothingDone(json, REDRIVE, NOTHING_FOUND);
  const editedBodies = editor === undefined ? undefined : await editBodies(found, editWith(editor), { force });
  if (editedBodies?.size === 0) {
    const result = { moved: 0, failed: 0, unchanged: true };
    return print(json, result, () => 'No body was changed, so nothing was moved: leave out --edit for that.');
  }
  const selects = editedBodies === undefined ? matcherOf(options) : ({ id }: { id: string }) => editedBodies.has(id);
  const plan = narrowPlan(found, selects);
  for (const notice of await pauseNotices(
    shop,
    plan.map(({ queue }) => queue.consumer),
  ))
    printNotice(notice);
  if (!(await confirmChange(shop, `Put ${describe(plan)} back?`, { yes, always: true }))) {
    return printNothingDone(json, REDRIVE, NOTHING_TOUCHED);
  }
  await runWithProgress(plan, { json, action: REDRIVE }, (context) =>
    redrive(plan, { rate, startedAt, selects, editedBodies, ...context }),
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
  if (plan.length === 0) return printNothingDone(json, DISCARD, NOTHING_FOUND);
  if (!(await confirmChange(shop, `Discard ${describe(plan)} for good?`, { yes, always: true }))) {
    return printNothingDone(json, DISCARD, NOTHING_TOUCHED);
  }
  const file = to ?? defaultFile(new Date());
  printNotice(`They are kept in ${file}, with everything personal in them.`);
  await runWithProgress(plan, { json, action: DISCARD, details: { file } }, (context) =>
    discard(plan, file, { startedAt, selects: matcherOf(options), ...context }),
  );
}

const addMoveOptions = (command: Command): Command =>
  addSelectorOptions(command.option('--all', 'every dead letter of every consumer'));

// Standard output is the command's result: an editor that cannot have the terminal there gets it from standard error.
const editWith = (editor: string) => (body: string, title: string) => {
  printNotice(`Editing the message of ${title}`);
  return editInEditor(body, editor, process.stdout.isTTY ? 'inherit' : process.stderr);
};

/** `12 dead letters (payment 10, stock 2)` */
function describe(plan: Plan): string {
  const count = sizeOf(plan);
  const parts = plan.map(({ queue, deadLetters }) => `${queue.consumer} ${deadLetters.length}`);
  return `${count} dead ${count === 1 ? 'letter' : 'letters'} (${parts.join(', ')})`;
}

const NOTHING_FOUND = 'There are no such dead letters.';

function printNothingDone(json: boolean | undefined, { countKey }: Action, text: string): void {
  print(json, { [countKey]: 0, failed: 0 }, () => text);
}

/**
 * Runs an operation on a plan, shows its progress and prints its result; throws a sentence if some failed. Ctrl-C ends the
 * operation after the batch it is at, and the result is printed all the same.
 */
async function runWithProgress(
  plan: Plan,
  { json, action, details = {} }: { json: boolean | undefined; action: Action; details?: object },
  operation: (context: Required<Pick<ExecuteOptions, 'signal' | 'notify' | 'onProgress'>>) => Promise<PlanResult>,
): Promise<void> {
  const total = sizeOf(plan);
  const progress = progressCounter(total, action.pastTense);
  let interrupted = false;
  const { moved, failed, missing } = await interruptible(
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
  const result = {
    [action.countKey]: moved,
    failed: failed.length,
    ...(missing === 0 ? {} : { missing }),
    ...details,
    ...(failed.length === 0 ? {} : { failures: failed }),
  };
  print(json, result, () => `${moved} of ${total} dead letters ${action.pastTense}.`);
  if (missing > 0) printNotice(`${missing} were not there any more, or are in flight: see npm run ops -- dlq list`);
  if (interrupted) throw new InterruptedError('Interrupted.');
  const [first] = failed;
  if (first !== undefined) {
    throw new Error(
      `${failed.length} stay where they were, the first of them (${first.consumer} ${first.id}): ${first.why}`,
    );
  }
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
      printNotice(`${done} of ${total} ${pastTense}`);
    },
    end() {
      if (done < total) printNotice(`${done} of ${total} ${pastTense}`);
    },
  };
}
