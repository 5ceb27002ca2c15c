import type { Command } from 'commander';
import { nameArgument } from '../arguments.ts';
import { type ShopOptions, shopCommand } from '../command.ts';
import { underHeader } from '../header.ts';
import { readInput } from '../input.ts';
import { wrapBareOrder } from '../orders/place.ts';
import { print } from '../output.ts';
import { connectToShop } from '../stack.ts';
import { explain } from './explain.ts';
import { eventTypeOf, type Question, refusalOf } from './explanation.ts';
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
      const question = message === undefined ? { type } : questionAbout(await readInput(message));
      const shop = await connectToShop({ aws });
      const explanation = await explain(shop, question);
      print(
        json,
        explanation,
        underHeader(shop, () => formatExplanation(explanation)),
      );
      const refusal = refusalOf(explanation);
      if (refusal !== undefined) throw new Error(refusal);
    });
}

/** A bare order is explained as the event that `ops place` makes of it. */
function questionAbout(message: string): Question {
  const body = wrapBareOrder(message) ?? message;
  return { type: eventTypeOf(body), body, ...(body === message ? {} : { bareOrder: true }) };
}
