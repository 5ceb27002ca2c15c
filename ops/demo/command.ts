import type { Command } from 'commander';
import type { EngineName } from '../../localstack/engine.ts';
import { type ShopOptions, shopCommand } from '../command.ts';
import { interruptible } from '../interruption.ts';
import { print } from '../output.ts';
import { printNotice, progressPrinter } from '../progress.ts';
import { connectToShop } from '../stack.ts';
import { engineOption, upWithProgress } from '../up/command.ts';
import { demoDocument, demoReport } from './report.ts';
import { runDemo } from './run.ts';

type Options = ShopOptions & { engine?: EngineName; phone?: string };

/** Builds `ops demo`, which `npm start` runs. */
export function demoCommand(): Command {
  return shopCommand(
    'demo',
    'Start and deploy everything, unless it is there, and send orders through every outcome.',
    'demo',
    'demo --engine localstack',
  )
    .addOption(engineOption())
    .option('--phone <number>', 'who is texted, in E.164; needed on AWS, where texts are real')
    .action(demo);
}

async function demo({ json, aws, engine: name, phone }: Options): Promise<void> {
  if (aws && phone === undefined) {
    throw new Error('On AWS texts are real: name the number that gets them with --phone.');
  }
  const started = Date.now();
  const { shop, engine } = aws ? { shop: await connectToShop({ aws }), engine: undefined } : await upWithProgress(name);
  const result = await interruptible('Interrupted: orders on their way finish by themselves.', (signal) =>
    runDemo(shop, { phone, signal, onProgress: progressPrinter() }),
  );
  if (result.onlyTotalsChecked) {
    printNotice('Others ordered the same goods meanwhile, so only the sums of the shelves could be checked.');
  }

  const seconds = (Date.now() - started) / 1_000;
  const where = `${engine === undefined ? '' : `${engine.name} at `}${shop.where}`;
  const document = demoDocument(result, where, seconds);
  const done = `\nDone in ${seconds.toFixed(1)} s on ${where}${engine === undefined ? '.' : ', which stays up.'}`;
  print(json, document, () => `${demoReport(result)}\n${done}`);
  if (!document.ok) {
    throw new Error(
      `The demonstration did not end as expected: ${document.problems.join('; ')}. If nobody else was ordering meanwhile, ` +
        '`npm run ops -- trace <order>` shows how far an order got.',
    );
  }
}
