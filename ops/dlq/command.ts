import { Command } from 'commander';
import { changingCommand, wholeNumber } from '../command.ts';
import { confirmChange } from '../confirm.ts';
import { NOTHING_TOUCHED, print } from '../output.ts';
import { pauseNotices } from '../pause/paused-consumers.ts';
import { printNotice } from '../progress.ts';
import { connectToShop, type DeployedShop } from '../stack.ts';
import { runCarefully } from './careful-commands.ts';
import { defaultFile, discard } from './discard.ts';
import { editBodies } from './edit-bodies.ts';
import { listCommand, scanWithProgress, showCommand } from './inspect-commands.ts';
import { describePlan, unseenIn } from './outcome.ts';
import { inSequence } from './park.ts';
import { parkCommand, unparkCommand } from './park-commands.ts';
import { checkSelectors, leaveOutFinal, matcherOf, narrowPlan, type Plan, sizeOf, unreadMeant } from './plan.ts';
import {
  type Action,
  addMoveOptions,
  type MoveOptions,
  printNothingDone,
  reportNothingFound,
  runWithProgress,
} from './plan-commands.ts';
import { putBack } from './put-back.ts';
import { editInEditor, editorFrom } from './terminal.ts';

const REDRIVE: Action = { pastTense: 'put back', countKey: 'moved' };
const DISCARD: Action = { pastTense: 'discarded', countKey: 'discarded' };

/** `ops dlq` */
export function dlqCommand(): Command {
  return new Command('dlq')
    .description('See the dead letters of all consumers and partners, put them back, park or discard them.')
    .addHelpText('after', '\nExample:\n  npm run ops -- dlq list')
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(redriveCommand())
    .addCommand(discardCommand())
    .addCommand(parkCommand())
    .addCommand(unparkCommand());
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
    .option(...PARKED)
    .action(runRedrive);
}

const PARKED = ['--parked', 'of the parked ones, which are left alone otherwise'] as const;

async function runRedrive({
  json,
  yes,
  rate,
  edit,
  force,
  carefully,
  parked = false,
  ...options
}: MoveOptions & {
  rate: number;
  edit?: boolean;
  force?: boolean;
  carefully?: boolean;
  parked?: boolean;
}): Promise<void> {
  checkSelectors(options, !parked);
  if (carefully && parked) throw new Error('--carefully takes no parked letters: dlq unpark them first.');
  const editor = edit ? editorFrom(process.env) : undefined;
  const startedAt = Date.now();
  const shop = await connectToShop(options);
  const scanned = await scanWithProgress(shop, options, { awaitInFlight: true, parked: parked ? 'only' : 'none' });
  const found = leaveOutFinal(scanned, printNotice);
  const meant = parked ? 'none' : unreadMeant(options);
  if (sizeOf(found) === 0) return reportNothingFound(json, REDRIVE, unseenIn(found, meant, startedAt));
  const editedBodies = editor === undefined ? undefined : await editAll(found, editor, { force, json });
  const selects = editedBodies === undefined ? matcherOf(options) : ({ id }: { id: string }) => editedBodies.has(id);
  const plan = narrowPlan(found, selects);
  if (!carefully) await printPauseNotices(shop, plan);
  // What was edited was read.
  const unread = editedBodies === undefined ? meant : 'none';
  if (!(await confirmChange(shop, `Put ${describePlan(plan, unread)} back?`, { yes, always: true }))) {
    return printNothingDone(json, REDRIVE, NOTHING_TOUCHED);
  }
  const moving = { rate, startedAt, selects, unread, editedBodies };
  if (carefully) return runCarefully(shop, plan, moving, json);
  await runWithProgress({ plan, unread, startedAt, json, action: REDRIVE }, (context) => {
    const run = (some: Plan) => putBack(shop, some, { ...moving, ...context });
    return parked ? inSequence(plan, run) : run(plan);
  });
}

/** Has the bodies edited; throws a sentence where none was changed. */
async function editAll(
  found: Plan,
  editor: string,
  { force, json }: { force: boolean | undefined; json: boolean | undefined },
): Promise<Map<string, string>> {
  const editedBodies = await editBodies(found, editWith(editor), { force });
  if (editedBodies.size > 0) return editedBodies;
  if (json) print(json, { moved: 0, failed: 0, unchanged: true }, () => '');
  throw new Error('No body was changed, so nothing was moved: leave out --edit to put them back as they are.');
}

async function printPauseNotices(shop: DeployedShop, plan: Plan): Promise<void> {
  const consumers = plan.flatMap(({ queue, deadLetters }) => (deadLetters.length > 0 ? [queue.consumer] : []));
  for (const notice of await pauseNotices(shop, consumers)) printNotice(notice);
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
    .option(...PARKED)
    .action(runDiscard);
}

async function runDiscard({
  json,
  yes,
  to,
  parked = false,
  ...options
}: MoveOptions & { to?: string; parked?: boolean }): Promise<void> {
  checkSelectors(options, !parked);
  const startedAt = Date.now();
  const shop = await connectToShop(options);
  const plan = await scanWithProgress(shop, options, { awaitInFlight: true, parked: parked ? 'only' : 'none' });
  const unread = parked ? 'none' : unreadMeant(options);
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

// Standard output is the command's result: an editor that cannot have the terminal there gets it from standard error.
const editWith = (editor: string) => (body: string, title: string) => {
  printNotice(`Editing the message of ${title}`);
  return editInEditor(body, editor, process.stdout.isTTY ? 'inherit' : process.stderr);
};
