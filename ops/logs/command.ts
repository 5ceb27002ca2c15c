import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import { knownIdArgument } from '../arguments.ts';
import { type ShopOptions, shopCommand } from '../command.ts';
import { toUserMessage } from '../errors.ts';
import { findFunctions } from '../functions.ts';
import { layoutFor } from '../layout.ts';
import { outputClosed, print } from '../output.ts';
import { printNotice } from '../progress.ts';
import { connectToShop } from '../stack.ts';
import { parseTime } from '../time.ts';
import { wrapText } from '../wrap.ts';
import { chooseFunctions } from './choose.ts';
import type { LogEntry } from './entry.ts';
import { entryFormatter } from './format.ts';
import { entryReader } from './read-entries.ts';

type Options = ShopOptions & { follow?: boolean; order?: string; since: string };

const DEFAULT_SINCE = '10m';
const POLL_MS = { local: 1_000, aws: 3_000 };

/** Builds `ops logs`. */
export function logsCommand(): Command {
  return shopCommand(
    'logs',
    'Show what the functions logged: a line for each try at a message, and each error in full with its stack.',
    'logs payment --follow',
    'logs --order o-1001 --since 2h',
    'logs sweep --since 1d --json',
  )
    .argument('[function]', 'a consumer, sweep or archive; without it, all of them')
    .option('--follow', 'show what comes, too, until Ctrl-C; with --json each entry is one JSON document on a line')
    .option('--order <orderId>', 'only what is about this order', knownIdArgument)
    .option('--since <time>', 'how far back: 10m, 2h, 7d, or a time such as 2026-11-21T09:00:00Z', DEFAULT_SINCE)
    .action(logs);
}

async function logs(name: string | undefined, { json, aws, follow, order, since: given }: Options): Promise<void> {
  const since = pastTime(given);
  const shop = await connectToShop({ aws });
  if (follow) endWhenTold();
  const functions = chooseFunctions(await findFunctions(shop), name);
  const read = entryReader(shop, { functions, since, orderId: order });
  if (json && !follow) {
    const entries: LogEntry[] = [];
    for await (const entry of read()) entries.push(entry);
    const names = functions.map((fn) => fn.name);
    return print(json, { functions: names, since: since.toISOString(), entries }, () => '');
  }
  const whose = name ?? 'all functions';
  const about = order === undefined ? '' : `, about ${order}`;
  const title = `${whose} of ${shop.stackName} at ${shop.where}${about}, since ${since.toISOString().slice(0, 19)}Z; times are UTC`;
  const show = json ? writeJson : textWriter(title, since, name === undefined);
  const count = await showEach(read, show);
  if (follow) await showWhatComes(read, show, shop.local ? POLL_MS.local : POLL_MS.aws);
  else if (count === 0) printNotice('Nothing was logged: --since looks further back.');
}

function pastTime(text: string): Date {
  const time = parseTime(text);
  if (time.getTime() <= Date.now()) return time;
  throw new Error(`--since is ${time.toISOString()}, which is still to come.`);
}

type Show = (entry: LogEntry) => Promise<void>;

const writeJson: Show = (entry) => write(JSON.stringify(entry));

/** Builds the showing of entries as text; it writes the title and the head first, and each day that begins. */
function textWriter(title: string, since: Date, showsFunction: boolean): Show {
  const layout = layoutFor(process.stdout);
  const { head, format } = entryFormatter(layout, showsFunction);
  let day = since.toISOString().slice(0, 10);
  const begun = write(`${wrapText(title, layout)}\n\n${head}`);
  return async (entry) => {
    await begun;
    const today = entry.time.slice(0, 10);
    if (today > day) await write(today);
    day = today > day ? today : day;
    await write(format(entry));
  };
}

/** Writes a line, no faster than it is read. */
async function write(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`) && !outputClosed.aborted) {
    await once(process.stdout, 'drain', { signal: outputClosed }).catch(() => {});
  }
}

async function showEach(read: () => AsyncGenerator<LogEntry>, show: Show): Promise<number> {
  let count = 0;
  for await (const entry of read()) {
    if (outputClosed.aborted) break;
    await show(entry);
    count += 1;
  }
  return count;
}

/** Shows what comes, for ever; an error, as of an engine that is restarted, is said once and waited out. */
async function showWhatComes(read: () => AsyncGenerator<LogEntry>, show: Show, intervalMs: number): Promise<void> {
  let said = '';
  for (;;) {
    await pause(intervalMs);
    const problem = await showEach(read, show).then(() => '', toUserMessage);
    if (problem !== '' && problem !== said) printNotice(problem);
    said = problem;
  }
}

/** Ends the process at once on Ctrl-C, or where nobody reads its output: there is nothing to finish. */
function endWhenTold(): void {
  const end = () => process.exit(0);
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, end);
  if (outputClosed.aborted) end();
  outputClosed.addEventListener('abort', end);
}
