import type { Command } from 'commander';
import { catalog } from '../../contracts/catalog.ts';
import type { EventContract } from '../../contracts/cloud-event.ts';
import { consumerNameOf } from '../../infra/names.ts';
import { type Route, routing } from '../../infra/routing.ts';
import { type ShopOptions, shopCommand } from '../command.ts';
import { readInput } from '../input.ts';
import { print } from '../output.ts';
import { connectToShop, type DeployedShop } from '../stack.ts';
import { deployedRoutes } from './deployment.ts';
import { contractOf, type Explanation, explain, type Question, typeIn } from './explanation.ts';
import { treeOf } from './text.ts';

/** `ops explain` */
export function explainCommand(): Command {
  return shopCommand(
    'explain',
    'Show what an event meets on its way, as it is deployed: filters, rules, queues, permissions, functions, dead-letter queues.',
    'explain shop.order.placed.v1',
    'explain --message order.json',
  )
    .argument('[type]', 'the event type')
    .option('--message <file>', 'a message as it is published, JSON in a file, or - for standard input')
    .action(async (type: string | undefined, { json, aws, message }: ShopOptions & { message?: string }) => {
      if ((type === undefined) === (message === undefined)) {
        throw new Error('Name an event type, or give a message with --message, one of the two.');
      }
      const body = message === undefined ? undefined : await readInput(message);
      const found = await explained(await connectToShop({ aws }), {
        type: body === undefined ? type : typeIn(body),
        body,
      });
      print(json, found, () => treeOf(found));
      if (!found.known && body === undefined) process.stderr.write(`Known types: ${types().join(', ')}\n`);
    });
}

const types = () => catalog.map(({ type }) => type);

/** Reads the deployment and gives what becomes of a message. What its publisher's contract does not say comes by the orders topic. */
export async function explained(shop: DeployedShop, question: Question): Promise<Explanation> {
  const channel = contractOf(question.type)?.channel ?? 'topic';
  const { at, ways } = await deployedRoutes(shop, channel);
  return explain(question, { channel, at, ways }, consumersOf(shop.outputs));
}

type Consumers = Map<string, { name: string; contracts: readonly EventContract[] | undefined }>;

/** The deployed consumers by their queue's name, with what this checkout says they understand; a queue does not know that. */
function consumersOf(outputs: DeployedShop['outputs']): Consumers {
  const routes = new Map<string, Route>(Object.entries(routing));
  const found: Consumers = new Map();
  for (const [output, url] of Object.entries(outputs)) {
    const [, construct = ''] = /^(?!.*DeadLetter)(.+)QueueUrl$/.exec(output) ?? [];
    const name = consumerNameOf(construct);
    if (name !== '') found.set(url.split('/').at(-1) ?? '', { name, contracts: routes.get(name)?.consumes });
  }
  return found;
}
