import type { Command } from 'commander';
import type { EngineName } from '../../localstack/engine.ts';
import { type ShopOptions, shopCommand } from '../command.ts';
import { interruptible } from '../interruption.ts';
import { print } from '../output.ts';
import { connectToShop } from '../stack.ts';
import { engineOption, upWithProgress } from '../up/command.ts';
import { orderDocument, problemsIn, report } from './report.ts';
import { runDemo } from './run.ts';

type Options = ShopOptions & { engine?: EngineName; phone?: string };

/** `ops demo`, which is `npm start` */
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
  const seen = await interruptible('Interrupted: orders on their way finish by themselves.', (signal) =>
    runDemo(shop, phone, signal),
  );

  const problems = problemsIn(seen);
  const seconds = (Date.now() - started) / 1_000;
  const where = `${engine === undefined ? '' : `${engine.name} at `}${shop.where}`;
  const document = {
    ok: problems.length === 0,
    where,
    seconds,
    orders: seen.outcomes.map(orderDocument),
    shelves: seen.shelves,
    problems,
  };
  const done = `\nDone in ${seconds.toFixed(1)} s on ${where}${engine === undefined ? '.' : ', which stays up.'}`;
  print(json, document, () => `${report(seen)}\n${done}`);
  if (problems.length > 0) {
    throw new Error(
      `The demonstration did not end as it must: ${problems.join('; ')}. If nobody else was ordering meanwhile, ` +
        '`npm run ops -- trace <order>` shows how far an order got.',
    );
  }
}
