import { catalog } from '../contracts/catalog.ts';
import { webhooksEnvironment } from './partner-settings.ts';
import type { Route } from './route.ts';
import { routing } from './routing.ts';
import type { Settings } from './settings.ts';

/** The consumer that posts events to the endpoints of the settings. It is in a stack only where they name one, and so has no line in `routing.ts`. */
const webhooks: Route = {
  consumes: [],
  impact: 'Those who are told of orders over HTTP do not hear of them.',
  severity: 'warning',
  tables: () => ({
    TABLE_NAME: {
      id: 'WebhookEndpointsTable',
      key: 'endpoint',
      output: 'WebhooksTableName',
      actions: ['GetItem', 'UpdateItem'],
    },
  }),
  environment: (settings) => webhooksEnvironment(settings.webhooks),
  furtherSecrets: ({ webhooks: { endpoints } }) => [...new Set(Object.values(endpoints).map(({ secret }) => secret))],
  downstream: 'server of an endpoint',
  endpoints: ({ webhooks: { endpoints } }) =>
    Object.fromEntries(
      Object.entries(endpoints).map(([name, { events }]) => [
        name,
        catalog.filter(({ type }) => events.includes(type)),
      ]),
    ),
};

/** Lists the consumers of a stack: those of `routing.ts`, and `webhooks` where the settings name endpoints. */
export const routesOf = (settings: Pick<Settings, 'webhooks'>): [name: string, route: Route][] => [
  ...Object.entries<Route>(routing),
  ...(Object.keys(settings.webhooks.endpoints).length === 0 ? [] : [['webhooks', webhooks] satisfies [string, Route]]),
];
