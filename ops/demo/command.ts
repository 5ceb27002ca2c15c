import type { Command } from 'commander';
import type { EngineName, EngineRecord } from '../../localstack/engine.ts';
import { isAwsChosen } from '../aws-target.ts';
import { type ChangeOptions, changingCommand } from '../command.ts';
import { confirmChange } from '../confirm.ts';
import { underHeader } from '../header.ts';
import { interruptible } from '../interruption.ts';
import { assertTestOrdersAllowed } from '../orders/test-orders.ts';
import { print, printNothingTouched } from '../output.ts';
import { printNotice, progressPrinter } from '../progress.ts';
import { connectToShop, type DeployedShop } from '../stack.ts';
import { engineOption, exclusively, upWithProgress } from '../up/command.ts';
import { demoDocument, demoReport } from './report.ts';
import { runDemo } from './run.ts';

type Options = ChangeOptions & { engine?: EngineName; phone?: string };

/** Builds `ops demo`, which `npm start` runs. */
export function demoCommand(): Command {
  return changingCommand(
    'demo',
    'Start and deploy everything, unless it is there, and send orders through every outcome.',
    'demo',
    'demo --engine localstack',
  )
    .addOption(engineOption())
    .option('--phone <number>', 'who is texted, in E.164; needed on AWS, where texts are real')
    .action(demo);
}

async function demo(options: Options): Promise<void> {
  const started = Date.now();
  if (isAwsChosen(options)) return runOn({ shop: await connectToShop(options), engine: undefined }, options, started);
  // The demonstration too: another one would take its goods and stop its payments, and `down` its engine.
  await exclusively('demo', async () => runOn(await upWithProgress(options.engine), options, started));
}

async function runOn(
  { shop, engine }: { shop: DeployedShop; engine: EngineRecord | undefined },
  { json, yes, phone }: Options,
  started: number,
): Promise<void> {
  assertTestOrdersAllowed(shop, { what: 'the demonstration', phone });
  const question = 'Set the shelves of KB-01, MS-02 and SOLD-OUT, and publish made-up orders?';
  if (!(await confirmChange(shop, question, { yes }))) return printNothingTouched(json);
  const result = await interruptible('Interrupted: orders on their way finish by themselves.', (signal) =>
    runDemo(shop, { phone, signal, onProgress: progressPrinter() }),
  );
  if (result.onlyTotalsChecked) {
    printNotice('Others ordered the same goods meanwhile, so only the sums of the shelves could be checked.');
  }

  const seconds = (Date.now() - started) / 1_000;
  const where = `${engine === undefined ? '' : `${engine.name} at `}${shop.where}`;
  const document = demoDocument(result, where, seconds);
  const done = `\nDone in ${seconds.toFixed(1)} s on ${where}${engine === undefined ? '.' : ', which stays up.'}
See it move in the browser: npm run console${engine === undefined && !shop.local ? ' -- --aws' : ''}`;
  print(
    json,
    document,
    underHeader(shop, (layout) => `${demoReport(result, layout)}\n${done}`),
  );
  if (!document.ok) {
    throw new Error(
      `The demonstration did not end as expected: ${document.problems.join('; ')}. If nobody else was ordering meanwhile, ` +
        '`npm run ops -- trace <order>` shows how far an order got.',
    );
  }
}
