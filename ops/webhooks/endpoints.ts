import * as v from 'valibot';
import type { WebhookEndpoint } from '../../infra/partner-settings.ts';
import { readTemplate } from '../deploy/deployed.ts';
import type { Template } from '../deploy/template.ts';
import { didYouMean } from '../nearest.ts';
import type { DeployedShop } from '../stack.ts';

/** The endpoints that a stack was deployed with, by name. */
export type Endpoints = Readonly<Record<string, WebhookEndpoint>>;

const recorded = v.object({
  webhooks: v.object({
    endpoints: v.record(v.string(), v.object({ url: v.string(), events: v.array(v.string()), secret: v.string() })),
  }),
});

/** Reads the endpoints that a stack was deployed with; none where its settings name none, or it is older than webhooks. */
export async function readEndpoints(
  shop: Pick<DeployedShop, 'local' | 'where' | 'config' | 'stackName' | 'outputs'>,
): Promise<Endpoints> {
  if (shop.outputs.WebhooksQueueUrl === undefined) return {};
  return endpointsIn(await readTemplate(shop, shop.stackName));
}

/** Returns the endpoints that a template records in its metadata, by name. */
export function endpointsIn({ Metadata }: Template): Endpoints {
  const { success, output } = v.safeParse(recorded, Metadata?.Settings);
  return success ? output.webhooks.endpoints : {};
}

/** Reads the endpoints of a stack that has some; throws a sentence where it has none. */
export async function requireEndpoints(shop: DeployedShop): Promise<Endpoints> {
  const endpoints = await readEndpoints(shop);
  if (Object.keys(endpoints).length > 0) return endpoints;
  throw new Error(
    `The stack ${shop.stackName} posts to no endpoint: name one in webhooks.endpoints of its settings (docs/webhooks.md), and deploy it.`,
  );
}

/** Returns an endpoint; throws a sentence where there is none of that name. */
export function endpointNamed(endpoints: Endpoints, name: string): WebhookEndpoint {
  const found = Object.hasOwn(endpoints, name) ? endpoints[name] : undefined;
  if (found !== undefined) return found;
  const names = Object.keys(endpoints);
  throw new Error(`There is no endpoint ${name}; there are ${names.join(', ')}.${didYouMean(name, names)}`);
}

/** Returns an address without its query, in which some receivers have a key. */
export function publicUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
