import { join } from 'node:path';
import { Command } from 'commander';
import { command } from '../command.ts';
import { interruptible } from '../interruption.ts';
import { print } from '../output.ts';
import type { Changes } from './write.ts';

const root = join(import.meta.dirname, '..', '..');

type Plan = Changes & { open: readonly string[] };

/** `ops new consumer`, `ops new event` */
export function newCommand(): Command {
  return new Command('new')
    .description('Write a consumer or an event of this shop: everything that the checks ask for.')
    .showHelpAfterError('(add --help to see how it is used)')
    .addCommand(newConsumerCommand())
    .addCommand(newEventCommand());
}

function newConsumerCommand(): Command {
  return command(
    'consumer',
    'Write a consumer: its folder, rules with their test, route, table and grants, and everything that is generated from them.',
    'new consumer loyalty --table --on shop.order.confirmed.v1,shop.order.cancelled.v1',
  )
    .argument('<name>', 'what it is called everywhere, in camelCase: loyalty')
    .option('--table', 'keep a record of each order in a table of its own')
    .option('--on <types>', 'the events that it handles, separated by commas', 'shop.order.confirmed.v1')
    .addHelpText(
      'after',
      "\nIt publishes this shop's events that come from it: of loyalty those of the type shop.loyalty.…; make them first.",
    )
    .action(async (name: string, { json, table = false, on }: { json?: boolean; table?: boolean; on: string }) => {
      const { planConsumer } = await import('./consumer.ts');
      const types = on.split(',').map((type) => type.trim());
      await write(planConsumer(name, { table, on: types }, root), json, 'npm run ops -- up');
    });
}

function newEventCommand(): Command {
  return command(
    'event',
    'Write an event that a consumer of this shop publishes on the bus: contract, catalogue, export, sample, and everything that is generated from them.',
    'new event shop.loyalty.points-granted.v1',
  )
    .argument('<type>', 'shop.<who sends it>.<what happened>.v<version>')
    .action(async (type: string, { json }: { json?: boolean }) => {
      const { planEvent } = await import('./event.ts');
      const plan = planEvent(type, root);
      await write(plan, json, `npm run ops -- new consumer ${type.split('.')[1]} --table --on shop.order.confirmed.v1`);
    });
}

/** Writes what was planned, and says what to open and to run next. */
async function write({ open, ...changes }: Plan, json: boolean | undefined, last: string): Promise<void> {
  const { writeAndGenerate } = await import('./write.ts');
  const written = await interruptible('Interrupted: putting everything back.', (signal) =>
    writeAndGenerate(changes, root, signal),
  );
  const next = ['npm run check', 'npm run test:quick', last];
  print(json, { written, open, next }, () =>
    [
      ...written.map((path) => `wrote ${path}`),
      '',
      'Open next:',
      ...open.map((path) => `  ${path}`),
      '',
      'Then, and `npm run generate` after each change of a contract or a route:',
      ...next.map((line) => `  ${line}`),
    ].join('\n'),
  );
}
