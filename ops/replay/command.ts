import type { Command } from 'commander';
import { ulid } from 'ulid';
import { constructIdOf, partnerIdOf } from '../../infra/names.ts';
import { routing } from '../../infra/routing.ts';
import { orderIdArgument } from '../arguments.ts';
import { type ChangeOptions, changingCommand, wholeNumber } from '../command.ts';
import { confirmChange } from '../confirm.ts';
import { findPartnerQueues } from '../consumers.ts';
import { plural, table } from '../format.ts';
import { underHeader } from '../header.ts';
import { interruptible } from '../interruption.ts';
import type { Layout } from '../layout.ts';
import { print, printNothingTouched } from '../output.ts';
import { readPartners } from '../partner-settings.ts';
import { printNotice, updateStatusLine } from '../progress.ts';
import { connectToShop, type DeployedShop } from '../stack.ts';
import { parseTime } from '../time.ts';
import {
  REPLAYED_ATTRIBUTE,
  type ReplayDestination,
  type ReplayOptions,
  type ReplayProgress,
  type ReplayResult,
  replay,
} from './replay.ts';
import { isConsumer, type ReplaySelection, selectionFor } from './select.ts';

/** What every replay is asked for. */
export type ReplayChoice = ChangeOptions & {
  from: string;
  until: string;
  type?: string[];
  order?: string;
  dryRun?: boolean;
  rate: number;
};

/** What is replayed and where to; `to` names that in sentences, and `document` in the result for scripts. */
export type ReplayPlan = {
  to: string;
  selection: ReplaySelection;
  destination: Omit<ReplayDestination, 'name'>;
  document: object;
};

/** Adds the options of `ReplayChoice` to a command. */
export const addReplayOptions = (command: Command): Command =>
  command
    .requiredOption('--from <time>', 'the first moment, such as 2026-11-21T09:00:00Z, or how long ago: 90m, 2h, 7d')
    .option('--until <time>', 'the moment after the last', 'now')
    .option('--type <type...>', 'events of these types only')
    .option('--order <orderId>', 'events of this order only', orderIdArgument)
    .option('--dry-run', 'count them and send nothing')
    .option('--rate <n>', 'at most so many events a second', wholeNumber(1, 10_000), 200);

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
    const narrowed = { types: choice.type, orderId: choice.order };
    // A mistake is told before anything is asked for, where it can be.
    const known = isConsumer(to) ? selectionFor(to, narrowed) : undefined;
    return async (shop) => {
      const selection = known ?? (await partnerSelection(shop, to, narrowed, withEffects));
      const destination = { ...queueOf(shop, to), withEffects };
      const document = { consumer: to, ...(destination.partner ? { partner: true } : {}), withEffects };
      return { to: `${to}${withEffects ? ', with effects' : ''}`, selection, destination, document };
    };
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
  assertPast(from, until, now);
  const plan = prepare();
  const shop = await connectToShop({ aws });
  const { to, selection, destination: where, document } = await plan(shop);
  if (!(dryRun || (await confirmChange(shop, `Replay events to ${to}?`, { yes })))) {
    return printNothingTouched(json);
  }
  const name = `replay-${ulid()}`;
  const destination = { ...where, name };
  printNotice(`${dryRun ? 'Counting' : `Replaying to ${to}`}: reading the archive from ${from.toISOString()} on.`);

  const result = await interruptible('Interrupted: stopping after the events under way.', (signal) =>
    replayWithProgress(shop, { selection, from, until, destination, dryRun, rate, signal }),
  );
  const done = `${dryRun ? 'would be sent' : 'sent'} to ${to}`;
  print(
    json,
    { ...result, ...document, dryRun, ...(dryRun ? {} : { name }) },
    underHeader(shop, (layout) => report(result, done, layout)),
  );
}

/** Selects what a partner gets of the deployed shop; throws where there is none of that name. */
async function partnerSelection(
  shop: DeployedShop,
  to: string,
  narrowed: Omit<ReplaySelection, 'contracts'>,
  withEffects: boolean,
): Promise<ReplaySelection> {
  const hasPartners = findPartnerQueues(shop.outputs).length > 0;
  const selection = selectionFor(to, narrowed, hasPartners ? await readPartners(shop) : {});
  if (!withEffects) return selection;
  throw new Error(
    `--with-effects is for consumers: what ${to}, a partner, does with what has the attribute ${REPLAYED_ATTRIBUTE}, its own service decides.`,
  );
}

function queueOf(shop: DeployedShop, to: string): Pick<ReplayDestination, 'queueUrl' | 'partner'> {
  if (!isConsumer(to)) return { queueUrl: shop.output(`${partnerIdOf(to)}QueueUrl`), partner: true };
  // Anybody who publishes orders writes to the queue of `order`, so it takes no replays.
  return { queueUrl: shop.output(`${constructIdOf(to === 'order' ? 'outcomes' : to)}QueueUrl`) };
}

function assertPast(from: Date, until: Date, now: Date): void {
  if (from >= until) throw new Error(`--from ${from.toISOString()} must be before --until ${until.toISOString()}.`);
  if (from >= now) throw new Error(`--from ${from.toISOString()} is in the future: nothing has been archived then.`);
}

/** Replays with its progress, and prints how to continue when it fails. */
async function replayWithProgress(shop: DeployedShop, options: ReplayOptions): Promise<ReplayResult> {
  let progress: ReplayProgress = { read: 0, selected: 0, sent: 0, resumeFrom: options.from.toISOString() };
  const show = progressDisplay(options.dryRun);
  const onProgress = (latest: ReplayProgress) => {
    progress = latest;
    show(latest);
  };
  try {
    const result = await replay(shop, { ...options, onProgress });
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
