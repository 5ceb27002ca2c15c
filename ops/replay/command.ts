import type { Command } from 'commander';
import { routing } from '../../infra/routing.ts';
import { orderIdArgument } from '../arguments.ts';
import { type ChangeOptions, changingCommand, wholeNumber } from '../command.ts';
import { confirmChange } from '../confirm.ts';
import { plural, table } from '../format.ts';
import { underHeader } from '../header.ts';
import { interruptible } from '../interruption.ts';
import type { Layout } from '../layout.ts';
import { print, printNothingTouched } from '../output.ts';
import { printNotice, updateStatusLine } from '../progress.ts';
import { connectToShop, type DeployedShop } from '../stack.ts';
import { parseTime } from '../time.ts';
import { assertPast, planReplay, REPLAY_RATE, type ReplayPlan, runPlan } from './plan.ts';
import { REPLAYED_ATTRIBUTE, type ReplayOptions, type ReplayProgress, type ReplayResult } from './replay.ts';
import { isConsumer, selectionFor } from './select.ts';

/** What every replay is asked for. */
export type ReplayChoice = ChangeOptions & {
  from: string;
  until: string;
  type?: string[];
  order?: string;
  dryRun?: boolean;
  rate: number;
};

/** Adds the options of `ReplayChoice` to a command. */
export const addReplayOptions = (command: Command): Command =>
  command
    .requiredOption('--from <time>', 'the first moment, such as 2026-11-21T09:00:00Z, or how long ago: 90m, 2h, 7d')
    .option('--until <time>', 'the moment after the last', 'now')
    .option('--type <type...>', 'events of these types only')
    .option('--order <orderId>', 'events of this order only', orderIdArgument)
    .option('--dry-run', 'count them and send nothing')
    .option('--rate <n>', 'at most so many events a second', wholeNumber(1, 10_000), REPLAY_RATE);

/** `ops replay` */
export function replayCommand(): Command {
  const command = changingCommand(
    'replay',
    'Send events of the archive to one consumer or partner again; a consumer completes its own record, and nothing else happens.',
    'replay --to notification --from 2h --until 1h --dry-run',
    'replay --to stock --from 2026-11-21T09:00:00Z --until 2026-11-21T10:00:00Z --order o-1001',
  ).requiredOption(
    '--to <name>',
    `the one consumer that gets them: ${Object.keys(routing).join(', ')}; or a partner of the settings, which gets its events bare, with the attribute ${REPLAYED_ATTRIBUTE}`,
  );
  return addReplayOptions(command)
    .option(
      '--with-effects',
      'let the consumer charge, refund, text and publish where its record does not show that it has',
    )
    .action(run);
}

function run({ to, withEffects = false, ...choice }: ReplayChoice & { to: string; withEffects?: boolean }) {
  return runReplay(choice, () => {
    const request = { to, types: choice.type, orderId: choice.order, withEffects };
    // A mistake is told before anything is asked for, where it can be.
    if (isConsumer(to)) selectionFor(to, request);
    return (shop) => planReplay(shop, request);
  });
}

/** Runs a replay and prints its result; `prepare` checks what it can, and returns what plans the replay once there is a shop. */
export async function runReplay(
  options: ReplayChoice,
  prepare: () => (shop: DeployedShop) => Promise<ReplayPlan>,
): Promise<void> {
  const { json, aws, yes, dryRun = false, rate } = options;
  const now = new Date();
  const from = parseTime(options.from, now);
  const until = parseTime(options.until, now);
  assertPast({ from, until }, now);
  const plan = prepare();
  const shop = await connectToShop({ aws });
  const planned = await plan(shop);
  const { to } = planned;
  if (!(dryRun || (await confirmChange(shop, `Replay events to ${to}?`, { yes })))) {
    return printNothingTouched(json);
  }
  printNotice(`${dryRun ? 'Counting' : `Replaying to ${to}`}: reading the archive from ${from.toISOString()} on.`);

  const result = await interruptible('Interrupted: stopping after the events under way.', (signal) =>
    replayWithProgress(shop, planned, { from, until, dryRun, rate, signal }),
  );
  const done = `${dryRun ? 'would be sent' : 'sent'} to ${to}`;
  print(
    json,
    result,
    underHeader(shop, (layout) => report(result, done, layout)),
  );
}

/** Replays with its progress, and prints how to continue when it fails. */
async function replayWithProgress(
  shop: DeployedShop,
  plan: ReplayPlan,
  options: Omit<ReplayOptions, 'selection' | 'destination'>,
): Promise<ReplayResult> {
  let progress: ReplayProgress = { read: 0, selected: 0, sent: 0, resumeFrom: options.from.toISOString() };
  const show = progressDisplay(options.dryRun);
  const onProgress = (latest: ReplayProgress) => {
    progress = latest;
    show(latest);
  };
  try {
    const result = await runPlan(shop, plan, { ...options, onProgress });
    printNotice(`Read ${plural(progress.read, 'event')}.`);
    return result;
  } catch (error) {
    const { sent, resumeFrom } = progress;
    if (!options.dryRun)
      printNotice(`${plural(sent, 'event was', 'events were')} sent; the rest follows with --from ${resumeFrom}.`);
    throw error;
  }
}

const REFRESH_MS = 200;
const NOTICE_MS = 10_000;

/** Shows how far a replay is: in the terminal's last line, and every ten seconds in a line of its own where there is no terminal. */
function progressDisplay(dryRun: boolean): (progress: ReplayProgress) => void {
  const [display, intervalMs] = process.stderr.isTTY ? [updateStatusLine, REFRESH_MS] : [printNotice, NOTICE_MS];
  let due = Date.now() + (process.stderr.isTTY ? 0 : NOTICE_MS);
  return ({ read, selected, sent, resumeFrom }) => {
    if (Date.now() < due) return;
    due = Date.now() + intervalMs;
    const done = dryRun ? `${selected} would be sent` : `${sent} sent`;
    display(`… ${read} read, up to ${resumeFrom.slice(0, 19)}Z: ${done}`);
  };
}

function report(
  { count, types, repeated, clashing, broken, oversized, from, until }: ReplayResult,
  done: string,
  layout: Layout,
): string {
  const rows = Object.entries(types).sort(([one], [other]) => (one < other ? -1 : 1));
  const what = count === 0 ? 'The archive was searched' : `${count === 1 ? 'It' : 'They'} arrived`;
  const nothing = `Nothing was archived in that time before ${until.toISOString()}.`;
  return [
    ...(rows.length > 0 ? [table([{ title: 'event', fit: 'middle' }, 'count'], rows, layout), ''] : []),
    `${count} ${done}.`,
    from < until ? `${what} from ${from.toISOString()} until ${until.toISOString()}.` : nothing,
    ...(repeated > 0 ? [`${plural(repeated, 'repeats', 'repeat')} an event that came before: left out.`] : []),
    ...(clashing > 0
      ? [`${plural(clashing, 'has', 'have')} the id and source of a different event: not left out.`]
      : []),
    ...(broken > 0 ? [`${plural(broken, 'breaks its contract', 'break their contract')}: left out.`] : []),
    ...(oversized > 0 ? [`${plural(oversized, 'is', 'are')} too large to be sent as replayed: left out.`] : []),
  ].join('\n');
}
