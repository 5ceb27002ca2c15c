import type { Command } from 'commander';
import { type ShopOptions, shopCommand, wholeNumber } from '../command.ts';
import { describeError } from '../errors.ts';
import { print } from '../output.ts';
import { pollUntil } from '../poll.ts';
import { printNotice } from '../progress.ts';
import { connectToShop, type DeployedShop } from '../stack.ts';
import { loadOrderRecords } from './records.ts';
import { addAttempts, buildTrace, isDecided, type Trace } from './timeline.ts';
import { traceDiagram } from './trace-diagram.ts';
import { logPeriod, readLogLines } from './trace-log.ts';
import { traceText } from './trace-text.ts';

type Options = ShopOptions & { wait?: number | true; hours: number; diagram?: true };

const WAIT_SECONDS = 60;

/** `ops trace` */
export function traceCommand(): Command {
  return shopCommand(
    'trace',
    'Show where an order is and how it got there: every event, and every try of every message with its error.',
    'trace o-1001',
    'trace o-1001 --wait 30 --json',
    'trace o-1001 --diagram > o-1001.mmd',
  )
    .argument('<orderId>', 'the order')
    .option(
      '--wait [seconds]',
      `wait until the order is confirmed or cancelled, ${WAIT_SECONDS} seconds unless told otherwise`,
      wholeNumber(1, 86_400),
    )
    .option('--diagram', 'print a Mermaid sequence diagram')
    .option(
      '--hours <N>',
      'how far back to search the logs for an order that was never accepted',
      wholeNumber(1, 24 * 365),
      24,
    )
    .action(trace);
}

async function trace(orderId: string, { json, aws, wait, hours, diagram }: Options): Promise<void> {
  const shop = await connectToShop({ aws });
  const look = async () => {
    const known = (await loadOrderRecords(shop, [orderId])).get(orderId);
    return known === undefined ? undefined : buildTrace(known);
  };
  const seconds = wait === true ? WAIT_SECONDS : wait;
  const onRecord =
    seconds === undefined ? await look() : await pollUntil(look, isDecided, { deadline: Date.now() + seconds * 1_000 });
  const lines = await linesOf(shop, orderId, onRecord, hours);
  const found = addAttempts(onRecord, orderId, lines ?? []);
  if (found === undefined) {
    const waited = seconds === undefined ? '' : ` after ${seconds} s`;
    const searched =
      lines === undefined
        ? 'check the id, or whether its message is in a dead-letter queue'
        : `nor is it in the functions' logs of the last ${hours} h: check the id, or look further back with --hours`;
    throw new Error(`No order ${orderId} is known at ${shop.where}${waited}, ${searched}.`);
  }
  const document = diagram && json ? { ...found, diagram: traceDiagram(found) } : found;
  print(json, document, () => (diagram ? traceDiagram(found) : traceText(found)));
  if (seconds !== undefined && !isDecided(found)) {
    throw new Error(`Order ${orderId} was not decided within ${seconds} s.`);
  }
}

/** The order's log lines; `undefined`, and a word about it, where the logs cannot be read. */
async function linesOf(
  shop: DeployedShop,
  orderId: string,
  known: Trace | undefined,
  hours: number,
): Promise<string[] | undefined> {
  const now = Date.now();
  const span = known === undefined ? { from: now - hours * 3_600_000, until: now } : logPeriod(known, now);
  try {
    return await readLogLines(shop, orderId, span);
  } catch (error) {
    printNotice(`The functions' logs could not be read, so single tries are not shown: ${describeError(error)}`);
    return undefined;
  }
}
