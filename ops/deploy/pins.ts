import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What `infra/logical-ids.json` pins, and `infra/custom/logical-ids.json` of what this shop has beside it. */
export type Pins = {
  /** What is lost with a resource, by its logical id. */
  losses: Readonly<Record<string, string>>;
  /** The types of these resources: one that nobody pinned is as full as those that are. */
  types: readonly string[];
  /** The alarms that a deployment may monitor: logical ids, with the end of the alarm's name. */
  watchedAlarms: Readonly<Record<string, string>>;
};

const infra = join(import.meta.dirname, '..', '..', 'infra');

type PinFile = { resources: Record<string, Record<string, { loss: string }>>; watchedAlarms?: Record<string, string> };

export async function readPins(): Promise<Pins> {
  const files = await Promise.all(
    ['logical-ids.json', 'custom/logical-ids.json'].map(
      async (name): Promise<PinFile> => JSON.parse(await readFile(join(infra, name), 'utf8')),
    ),
  );
  const types = files.flatMap(({ resources }) => Object.entries(resources));
  const pinned = types.flatMap(([, ofType]) => Object.entries(ofType));
  return {
    losses: Object.fromEntries(pinned.map(([logicalId, { loss }]) => [logicalId, loss])),
    types: [...new Set(types.map(([type]) => type))],
    watchedAlarms: Object.assign({}, ...files.map(({ watchedAlarms }) => watchedAlarms)),
  };
}
