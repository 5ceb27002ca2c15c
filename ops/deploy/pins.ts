import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What `infra/logical-ids.json` pins. */
export type Pins = {
  /** What is lost with a resource, by its logical id. */
  losses: Readonly<Record<string, string>>;
  /** The types of these resources: one that nobody pinned is as full as those that are. */
  types: readonly string[];
  /** The alarms that a deployment may monitor: logical ids, with the end of the alarm's name. */
  watchedAlarms: Readonly<Record<string, string>>;
};

const file = join(import.meta.dirname, '..', '..', 'infra', 'logical-ids.json');

export async function readPins(): Promise<Pins> {
  const {
    resources,
    watchedAlarms,
  }: { resources: Record<string, Record<string, { loss: string }>>; watchedAlarms: Record<string, string> } =
    JSON.parse(await readFile(file, 'utf8'));
  const pinned = Object.values(resources).flatMap((ofType) => Object.entries(ofType));
  return {
    losses: Object.fromEntries(pinned.map(([logicalId, { loss }]) => [logicalId, loss])),
    types: Object.keys(resources),
    watchedAlarms,
  };
}
