import type { Command } from 'commander';
import { catalog } from '../../contracts/catalog.ts';
import { nameArgument } from '../arguments.ts';
import { type ShopOptions, shopCommand } from '../command.ts';
import { readInput } from '../input.ts';
import { print } from '../output.ts';
import { connectToShop } from '../stack.ts';
import { explain } from './explain.ts';
import { eventTypeOf } from './explanation.ts';
import { formatExplanation } from './format.ts';

/** `ops explain` */
export function explainCommand(): Command {
  return shopCommand(
    'explain',
    'Show the routes of an event as deployed: filters, rules, queues, permissions, functions, dead-letter queues.',
    'explain shop.order.placed.v1',
    'explain --message order.json',
  )
    .argument('[type]', 'the event type', nameArgument('The event type'))
    .option('--message <file>', 'a message as it is published, JSON in a file, or - for standard input')
    .action(async (type: string | undefined, { json, aws, message }: ShopOptions & { message?: string }) => {
      if ((type === undefined) === (message === undefined)) {
        throw new Error('Name an event type, or give a message with --message, one of the two.');
      }
      const body = message === undefined ? undefined : await readInput(message);
      const question = { type: body === undefined ? type : eventTypeOf(body), body };
      const explanation = await explain(await connectToShop({ aws }), question);
      print(json, explanation, () => formatExplanation(explanation));
      if (!explanation.known && body === undefined)
        process.stderr.write(`Known types: ${catalog.map((contract) => contract.type).join(', ')}\n`);
    });
}
