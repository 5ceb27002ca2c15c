import type { Route } from '../../infra/route.ts';
import { routing } from '../../infra/routing.ts';
import { findQueues } from '../consumers.ts';
import { queueName } from '../queues.ts';
import type { DeployedShop } from '../stack.ts';
import { readRoutes } from './deployment.ts';
import { type Consumers, channelOf, type Explanation, explainRoutes, type Question } from './explanation.ts';

/** Explains what happens to a message as deployed. A type of which no version is known is taken to be published on the orders topic. */
export async function explain(shop: DeployedShop, question: Question): Promise<Explanation> {
  const channel = channelOf(question.type);
  const { at, routes } = await readRoutes(shop, channel);
  return explainRoutes(question, { channel, at, routes }, consumersOf(shop.outputs));
}

function consumersOf(outputs: DeployedShop['outputs']): Consumers {
  const routes = new Map<string, Route>(Object.entries(routing));
  return new Map(
    findQueues(outputs).map(({ consumer, queueUrl, partner }) => [
      queueName(queueUrl),
      { name: consumer, contracts: routes.get(consumer)?.consumes, ...(partner ? { partner } : {}) },
    ]),
  );
}
