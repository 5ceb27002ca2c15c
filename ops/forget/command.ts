import { Option } from 'commander';
import { orderIdArgument } from '../arguments.ts';
import { type ChangeOptions, changingCommand } from '../command.ts';
import { confirmChange } from '../confirm.ts';
import { InterruptedError } from '../errors.ts';
import { plural, table } from '../format.ts';
import { underHeader } from '../header.ts';
import { readInput } from '../input.ts';
import { interruptible } from '../interruption.ts';
import type { Layout } from '../layout.ts';
import { print, printNothingTouched } from '../output.ts';
import { callerName } from '../pause/caller.ts';
import { printNotice, updateStatusLine } from '../progress.ts';
import { connectToShop, type DeployedShop } from '../stack.ts';
import { describePlace } from '../where.ts';
import { rewriteDiscarded, writeForgotten } from './files.ts';
import {
  countPlanned,
  type ForgetPlan,
  type Forgotten,
  type ForgottenOrder,
  forget,
  planForgetting,
} from './forget.ts';

/** `ops forget` */
export const forgetCommand = () =>
  changingCommand(
    'forget',
    'Remove the customer of orders from the tables, the dead letters and the archive; the orders and their money stay on record.',
    'forget o-1001 o-1002',
    `forget --file orders.txt --yes --json`,
    `forget - --yes < orders.txt`,
  )
    .argument(
      '[orderId...]',
      "orders' ids, as their publisher writes them; - reads them from standard input, one a line",
    )
    .addOption(new Option('--file <path>', 'read them from a file, one a line'))
    .action(run);

async function run(given: string[], { file, json, aws, yes }: ChangeOptions & { file?: string }): Promise<void> {
  const orderIds = await readOrderIds(given, file);
  const shop = await connectToShop({ aws });
  // A deployment that is too old has none, and says so before anything is looked for.
  shop.output('ArchiveDays');
  const plan = await interruptible('Interrupted: nothing was changed.', (signal) => look(shop, orderIds, signal));
  const planned = describePlan(plan);
  if (planned !== undefined && !(await confirmChange(shop, planned, { yes, always: true }))) {
    return printNothingTouched(json);
  }
  let interrupted = false;
  const result = await interruptible('Interrupted: finishing what is begun; run it again to go on.', async (signal) => {
    const done = await forget(shop, plan, { signal, notify: printNotice, onProgress: updateStatusLine });
    interrupted = signal.aborted;
    return done;
  });
  const files = await rewriteDiscarded(process.cwd(), new Set(plan.orders.keys()));
  await writeDown(shop, result);
  const { problem, ...document } = { ...result, files };
  print(
    json,
    document,
    underHeader(shop, (layout) => report(result, files, layout)),
  );
  if (interrupted) throw new InterruptedError('Interrupted.');
  if (problem !== undefined) throw new Error(problem);
}

/** Reads the ids of arguments, standard input and a file, each once; throws a sentence for one that is none, and where there is none. */
async function readOrderIds(given: readonly string[], file: string | undefined): Promise<string[]> {
  const names = [...(given.includes('-') ? ['-'] : []), ...(file === undefined ? [] : [file])];
  const read = await Promise.all(names.map(readInput));
  const lines = read.flatMap((text) => text.split(/\r?\n/)).map((line) => line.trim());
  const ids = [...given.filter((id) => id !== '-'), ...lines.filter((line) => line !== '')].map(orderIdArgument);
  if (ids.length > 0) return [...new Set(ids)];
  throw new Error('Say of which orders: forget <orderId…>, forget - or forget --file <path>.');
}

const NOTICE_MS = 10_000;

/** Looks for what there is to forget, and shows how far it is: every ten seconds where there is no terminal. */
function look(shop: DeployedShop, orderIds: readonly string[], signal: AbortSignal): Promise<ForgetPlan> {
  printNotice(`Looking for ${plural(orderIds.length, 'order')} in the tables, the dead letters and the whole archive.`);
  let due = Date.now() + NOTICE_MS;
  return planForgetting(shop, orderIds, {
    signal,
    notify: printNotice,
    onProgress: (what) => {
      if (process.stderr.isTTY) updateStatusLine(`… ${what}`);
      else if (Date.now() >= due) {
        printNotice(`… ${what}`);
        due = Date.now() + NOTICE_MS;
      }
    },
  });
}

/** Asks for what would be done; `undefined` where that is nothing. */
function describePlan(plan: ForgetPlan): string | undefined {
  const { records, deadLetters, parked, messages, objects } = countPlanned(plan);
  const parts = [
    ...(records > 0 ? [plural(records, 'record')] : []),
    ...(deadLetters > 0 ? [plural(deadLetters, 'dead letter')] : []),
    ...(parked > 0 ? [plural(parked, 'parked letter')] : []),
    ...(messages > 0 ? [`${plural(messages, 'message')} in ${plural(objects, 'object')} of the archive`] : []),
  ];
  if (parts.length === 0) return undefined;
  const refused = plan.refused.size === 0 ? '' : ` ${plural(plan.refused.size, 'order')} will be left out.`;
  return `Forget the customer of ${plural(plan.orders.size, 'order')} for good (${parts.join(', ')})?${refused}`;
}

/** Writes down what was done of each order, by whom and where. */
async function writeDown(shop: DeployedShop, { orders }: Forgotten): Promise<void> {
  const done = orders.filter(isChanged);
  if (done.length === 0) return;
  const who = await callerName(shop).catch(() => 'unknown');
  const where = `${describePlace(shop)}, stack ${shop.stackName}`;
  const time = new Date().toISOString();
  await writeForgotten(done.map((order) => ({ time, who, where, ...order })));
}

const isChanged = ({ record, deadLetters, parked, archived }: ForgottenOrder): boolean =>
  record || deadLetters + parked + archived > 0;

function report({ orders, archive }: Forgotten, files: number, layout: Layout): string {
  const rows = orders.map((order) => {
    const { orderId, record, deadLetters, parked, archived, problem } = order;
    const state = problem ?? (isChanged(order) ? 'forgotten' : 'nothing left');
    return [orderId, record ? 'yes' : '–', deadLetters, parked, archived, state];
  });
  const columns = [
    { title: 'order', fit: 'middle' as const },
    'record',
    'dead letters',
    'parked',
    'archived',
    { title: 'result', fit: 'wrap' as const },
  ];
  return [
    table(columns, rows, layout),
    '',
    `${plural(archive.read, 'object')} of the archive read, ${archive.objects} rewritten.`,
    ...(files === 0 ? [] : [`${plural(files, 'letter')} in files of dlq discard here rewritten.`]),
  ].join('\n');
}
