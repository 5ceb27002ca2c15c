import type { Command } from 'commander';
import { type ChangeOptions, changingCommand, wholeNumber } from '../command.ts';
import { confirmChange } from '../confirm.ts';
import { plural } from '../format.ts';
import { underHeader } from '../header.ts';
import { interruptible } from '../interruption.ts';
import { print, printNothingTouched } from '../output.ts';
import { printNotice, updateStatusLine } from '../progress.ts';
import { isGatewayDown } from '../sandbox/gateway.ts';
import { connectToShop } from '../stack.ts';
import type { LoadProgress } from './monitor.ts';
import { loadReport } from './report.ts';
import type { LoadResult } from './result.ts';
import { assertLoadAllowed, LOAD_DEFAULTS, type LoadRequest, startLoad } from './start.ts';

type Options = ChangeOptions & LoadRequest;

/** Builds `ops load`. */
export function loadCommand(): Command {
  return changingCommand(
    'load',
    'Publish orders at a rate and measure how the shop keeps up: depth, latency to the decision, throughput, errors.',
    'load --rate 50 --count 1000',
    'load --rate 20 --count 400 --burst 100 --json',
  )
    .requiredOption('--rate <orders>', 'how many orders a second, on average', wholeNumber(1, 10_000))
    .requiredOption('--count <orders>', 'how many orders in all', wholeNumber(1, 1_000_000))
    .option(
      '--burst <orders>',
      'how many of them arrive at the same moment',
      wholeNumber(1, 100_000),
      LOAD_DEFAULTS.burst,
    )
    .option('--declined <percent>', 'how many cards are declined', wholeNumber(0, 100), LOAD_DEFAULTS.declined)
    .option(
      '--duplicates <percent>',
      'how many orders are published twice',
      wholeNumber(0, 100),
      LOAD_DEFAULTS.duplicates,
    )
    .option(
      '--cancelled <percent>',
      'how many are cancelled after their confirmation',
      wholeNumber(0, 100),
      LOAD_DEFAULTS.cancelled,
    )
    .option(
      '--refunded <percent>',
      'of how many a part of the money and the goods go back',
      wholeNumber(0, 100),
      LOAD_DEFAULTS.refunded,
    )
    .option('--sku <sku>', 'order this, of what is on its shelf; without it, a shelf of its own is stocked first')
    .option('--phone <number>', 'who is texted, in E.164; needed on AWS, where texts are real')
    .option(
      '--patience <seconds>',
      'how long to wait for the last decisions, and what follows them',
      wholeNumber(1, 86_400),
      LOAD_DEFAULTS.patience,
    )
    .action(load);
}

async function load({ json, aws, yes, ...options }: Options): Promise<void> {
  const shop = await connectToShop({ aws });
  assertLoadAllowed(shop, options);
  const question = `Publish ${options.count} made-up orders, ${options.rate} a second?`;
  if (!(await confirmChange(shop, question, { yes }))) return printNothingTouched(json);
  if (await isGatewayDown(shop))
    printNotice('The sandbox payment gateway is down, so nothing is decided until it is back.');
  const onStocked = (sku: string) =>
    printNotice(`Stocked ${plural(options.count, 'piece')} of ${sku}, which only this load orders.`);
  const onProgress = (progress: LoadProgress) => updateStatusLine(progressLine(progress, options.count));
  const result = await interruptible('Interrupted: what was published finishes by itself.', (signal) =>
    startLoad(shop, options, { signal, onProgress, onStocked }),
  );
  print(
    json,
    result,
    underHeader(shop, (layout) => loadReport(result, layout)),
  );
  failUnlessDecided(result, options.patience);
}

function progressLine({ second, published, decided, held }: LoadProgress, count: number): string {
  const busy = Object.entries(held).filter(([, messages]) => messages > 0);
  const queues = busy.map(([name, messages]) => `${name} ${messages}`).join(', ');
  return `${second.toFixed(0)} s: ${published} of ${count} published, ${decided} decided; not done: ${queues || 'nothing'}`;
}

function failUnlessDecided(result: LoadResult, timeoutSeconds: number): void {
  const { interrupted, undecided, published, errors, bookProblems } = result;
  const left = [result.cancellationsAfterConfirmation, result.partialRefunds].reduce(
    (sum, { asked, done }) => sum + asked - done,
    0,
  );
  const [first] = bookProblems;
  if (interrupted) process.exitCode = 130;
  else if (undecided > 0) {
    throw new Error(
      `${undecided} of ${plural(published, 'order')} ${undecided === 1 ? 'was' : 'were'} not decided within ${timeoutSeconds} s of the last one: npm run ops -- status`,
    );
  } else if (errors > 0) throw new Error(`The topic did not take ${plural(errors, 'order')}.`);
  else if (left > 0) {
    throw new Error(
      `${plural(left, 'cancellation or refund', 'cancellations or refunds')} of confirmed orders ${left === 1 ? 'was' : 'were'} not done within ${timeoutSeconds} s of the last order: npm run ops -- status`,
    );
  } else if (first !== undefined) {
    const more = bookProblems.length > 1 ? `, and ${bookProblems.length - 1} more. All of them: --json` : '';
    throw new Error(`The gateway's book does not agree: ${first.orderId} ${first.problem}${more}.`);
  }
}
