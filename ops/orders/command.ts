import type { Command } from 'commander';
import { knownIdArgument } from '../arguments.ts';
import { type ChangeOptions, changingCommand, type ShopOptions, shopCommand, wholeNumber } from '../command.ts';
import { confirmChange } from '../confirm.ts';
import { connectAllQueues } from '../dlq/parking-queue.ts';
import { plural } from '../format.ts';
import { underHeader } from '../header.ts';
import { readInput } from '../input.ts';
import { interruptible } from '../interruption.ts';
import { print, printNothingTouched, printWhole } from '../output.ts';
import { printNotice } from '../progress.ts';
import { connectToShop } from '../stack.ts';
import { collectTrace } from './collect-trace.ts';
import type { OrderOptions } from './generate.ts';
import { ORDER_ID } from './order-options.ts';
import { generateMessage, type OrderMessage, parseOrderMessage, placeOrders } from './place.ts';
import { assertTestOrdersAllowed } from './test-orders.ts';
import { isDecided } from './trace.ts';
import { findDeadLetters } from './trace-dead-letters.ts';
import { traceDiagram } from './trace-diagram.ts';
import { traceText } from './trace-text.ts';

/** `ops place` */
export function placeCommand(): Command {
  return changingCommand(
    'place',
    'Publish orders on the orders topic, as an existing service would, and print their ids.',
    'place --count 3',
    'place order.json',
    'place - --unchecked < poison.json',
  )
    .argument(
      '[file]',
      'a JSON file with a CloudEvent or a bare order, or - for standard input; without it, orders are made up',
    )
    .option(
      '--count <N>',
      'how many to make up, or how often to publish the one that was given',
      wholeNumber(1, 100_000),
      1,
    )
    .option('--unchecked', 'publish what was given even if it breaks the contract')
    .option(
      '--token <token>',
      'made up: the payment token (tok_visa, tok_declined, tok_error, tok_lapses, tok_disputed)',
    )
    .option('--sku <sku>', 'made up: what is ordered')
    .option('--locale <locale>', "made up: the customer's language, such as ko or en")
    .option('--phone <number>', 'made up: who is texted, in E.164; needed on AWS, where texts are real')
    .action(place);
}

type PlaceCommandOptions = ChangeOptions & Omit<OrderOptions, 'orderId'> & { count: number; unchecked?: boolean };

async function place(
  file: string | undefined,
  { json, aws, yes, count, unchecked = false, ...order }: PlaceCommandOptions,
): Promise<void> {
  const given = file === undefined ? undefined : parseOrderMessage(await readInput(file), unchecked);
  // Says what is wrong with the options before anything is asked or sent.
  if (given === undefined) generateMessage(order, unchecked);
  const shop = await connectToShop({ aws });
  if (given === undefined) assertTestOrdersAllowed(shop, { what: 'a made-up order', phone: order.phone });
  if (!(await confirmChange(shop, placeQuestion(given, count), { yes }))) return printNothingTouched(json);
  const { endedBy, ...result } = await interruptible('Interrupted: waiting for the calls under way.', (signal) =>
    placeOrders(shop, { given, order, count, unchecked, signal }),
  );
  // They are data for other commands: as they are, however long. A message that was not checked need not name an order.
  if (json) print(json, result, () => '');
  else if (result.orderIds.length > 0) printWhole(result.orderIds.join('\n'));
  const number = given?.orderNumber === undefined ? '' : `; order number ${given.orderNumber}`;
  printNotice(`published ${result.published} of ${count} at ${shop.where}${number}`);
  if (endedBy !== undefined) {
    printNotice(`--count ${count - result.published - result.failed.length} publishes the rest.`);
    throw endedBy;
  }
  const [first] = result.failed;
  if (first !== undefined) {
    throw new Error(
      `The topic refused ${result.failed.length} of ${plural(count, 'message')}: ${first.code} ${first.message}`,
    );
  }
}

function placeQuestion(given: OrderMessage | undefined, count: number): string {
  if (given === undefined) return `Publish ${count} made-up ${count === 1 ? 'order' : 'orders'}?`;
  const what = given.orderId === undefined ? 'the given message' : `the order ${given.orderId}`;
  return `Publish ${what}${count === 1 ? '' : ` ${count} times`}?`;
}

const DEFAULT_WAIT_SECONDS = 60;

/** `ops trace` */
export function traceCommand(): Command {
  return shopCommand(
    'trace',
    'Show where an order is and how it got there: every event, and every attempt at every message with its error.',
    'trace o-1001',
    'trace o-1001 --wait 30 --json',
    'trace o-1001 --diagram > o-1001.mmd',
    "trace '#1029'",
  )
    .argument('<orderId>', ORDER_ID, knownIdArgument)
    .option(
      '--wait [seconds]',
      `wait until the order is confirmed or cancelled, ${DEFAULT_WAIT_SECONDS} seconds unless told otherwise`,
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

type TraceCommandOptions = ShopOptions & { wait?: number | true; hours: number; diagram?: true };

async function trace(orderId: string, { json, aws, wait, hours, diagram }: TraceCommandOptions): Promise<void> {
  const shop = await connectToShop({ aws });
  const waitSeconds = wait === true ? DEFAULT_WAIT_SECONDS : wait;
  const findLetters = () =>
    interruptible('Interrupted: releasing the dead letters.', (signal) =>
      findDeadLetters(connectAllQueues(shop), orderId, signal),
    );
  const { trace: found, notices } = await collectTrace(shop, orderId, { waitSeconds, logHours: hours, findLetters });
  for (const notice of notices) printNotice(notice);
  const document = diagram && json ? { ...found, diagram: traceDiagram(found) } : found;
  if (diagram && !json) printWhole(traceDiagram(found));
  else
    print(
      json,
      document,
      underHeader(shop, (layout) => traceText(found, new Date(), layout)),
    );
  if (waitSeconds !== undefined && !isDecided(found)) {
    throw new Error(`Order ${orderId} was not decided within ${waitSeconds} s.`);
  }
}
