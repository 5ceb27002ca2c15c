import { customRoutes } from '../../infra/custom/routes.ts';
import { constructIdOf } from '../../infra/names.ts';
import type { TemplateJson } from '../../infra/permissions-page.ts';
import type { Route } from '../../infra/route.ts';
import type { Settings } from '../../infra/settings.ts';

/** What a deployment would lose with a resource, and the properties that CloudFormation cannot change in place. */
type Pin = { immutable?: Record<string, string>; loss: string };

/** The content of `infra/logical-ids.json` and of `infra/custom/logical-ids.json`. */
export type PinFile = { resources: Record<string, Record<string, Pin>> };

const TABLE = 'AWS::DynamoDB::Table';
const QUEUE = 'AWS::SQS::Queue';

/**
 * Adds to this shop's pins the tables and queues of its consumers that are not pinned yet. What is pinned stays as it is, also where its
 * resource changed or went: a deployment would lose what it holds, so a test fails.
 */
export function withNewPins(
  pins: PinFile,
  shipped: PinFile,
  { Resources }: TemplateJson,
  settings: Settings,
  routes: Readonly<Record<string, Route>> = customRoutes,
): PinFile {
  const resources = structuredClone(pins.resources);
  const isPinned = (type: string, id: string) => (resources[type]?.[id] ?? shipped.resources[type]?.[id]) !== undefined;
  for (const [id, { Type, Properties }] of Object.entries(Resources)) {
    if ((Type !== TABLE && Type !== QUEUE) || isPinned(Type, id)) continue;
    const loss = Type === TABLE ? lossOfTable(id, routes, settings) : lossOfQueue(id, routes);
    if (loss === undefined) continue;
    const immutable: Record<string, string> =
      Type === TABLE
        ? { KeySchema: Properties.KeySchema.map((one: { AttributeName: string }) => one.AttributeName).join(', ') }
        : Properties.FifoQueue === true
          ? { FifoQueue: 'true' }
          : {};
    resources[Type] = {
      ...resources[Type],
      [id]: { ...(Object.keys(immutable).length > 0 && { immutable }), loss },
    };
  }
  return { resources };
}

function lossOfTable(id: string, routes: Readonly<Record<string, Route>>, settings: Settings): string | undefined {
  const users = Object.entries(routes).filter(([, { tables }]) =>
    Object.values(tables?.(settings) ?? {}).some((use) => use.id === withoutHash(id)),
  );
  return users.length === 0 ? undefined : `what ${users.map(([name]) => name).join(' and ')} recorded`;
}

function lossOfQueue(id: string, routes: Readonly<Record<string, Route>>): string | undefined {
  for (const name of Object.keys(routes)) {
    const construct = constructIdOf(name);
    if (withoutHash(id) === `${construct}Queue`) return `messages of ${name} that wait`;
    if (withoutHash(id) === `${construct}DeadLetterQueue`) return `messages of ${name} that failed`;
  }
  return undefined;
}

/** Removes the eight hexadecimal digits that CDK adds to a logical id. */
const withoutHash = (id: string) => id.replace(/[0-9A-F]{8}$/, '');
