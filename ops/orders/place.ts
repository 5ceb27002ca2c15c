import type { Command } from 'commander';
import { type ShopOptions, shopCommand, wholeNumber } from '../command.ts';
import { readInput } from '../input.ts';
import { print } from '../output.ts';
import { printNotice } from '../progress.ts';
import { connectToShop } from '../stack.ts';
import { generateOrder, type OrderOptions, orderPlacedEvent } from './generate.ts';
import { publishOrders } from './publish.ts';
import { type OrderMessage, parseOrderMessage } from './read.ts';

type Options = ShopOptions & Omit<OrderOptions, 'orderId'> & { count: number; unchecked?: boolean };

/** `ops place` */
export function placeCommand(): Command {
  return shopCommand(
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
    .option('--token <token>', 'made up: the payment token (tok_visa, tok_declined, tok_error)')
    .option('--sku <sku>', 'made up: what is ordered')
    .option('--locale <locale>', "made up: the customer's language, such as ko or en")
    .option('--phone <number>', 'made up: who is texted, in E.164; needed on AWS, where texts are real')
    .action(place);
}

async function place(file: string | undefined, { json, aws, count, unchecked = false, ...wishes }: Options) {
  const given = file === undefined ? undefined : parseOrderMessage(await readInput(file), unchecked);
  const shop = await connectToShop({ aws });
  if (given === undefined && !shop.local && wishes.phone === undefined) {
    throw new Error('On AWS texts are real: name the number that gets them with --phone.');
  }
  const messages = Array.from({ length: count }, () => given ?? madeUp(wishes, unchecked));
  const refused = await publishOrders(
    shop,
    messages.map(({ body }) => body),
  );

  const lost = new Set(refused.map(({ index }) => index));
  const taken = messages.filter((_, index) => !lost.has(index));
  const orderIds = [...new Set(taken.flatMap(({ orderId }) => (orderId === undefined ? [] : [orderId])))];
  const failed = refused.map(({ index, code, message }) => ({ orderId: messages[index]?.orderId, code, message }));
  print(json, { published: taken.length, orderIds, failed }, () => orderIds.join('\n'));
  printNotice(`published ${taken.length} of ${messages.length} at ${shop.where}`);
  const [first] = failed;
  if (first !== undefined) {
    throw new Error(
      `The topic refused ${failed.length} of ${messages.length} messages: ${first.code} ${first.message}`,
    );
  }
}

function madeUp(wishes: OrderOptions, unchecked: boolean): OrderMessage {
  return parseOrderMessage(JSON.stringify(orderPlacedEvent(generateOrder(wishes))), unchecked);
}
