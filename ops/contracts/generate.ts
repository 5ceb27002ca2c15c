import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { catalog } from '../../contracts/catalog.ts';
import type { EventContract } from '../../contracts/cloud-event.ts';
import { customCatalog } from '../../contracts/custom/catalog.ts';
import { createAsyncApi } from './async-api.ts';
import { type BreakingChange, breakingChanges } from './breaking.ts';
import { jsonSchemaOf } from './convert.ts';
import type { JsonSchema } from './json-schema.ts';

const root = join(import.meta.dirname, '..', '..');
const PUBLISHED = 'contracts/published';
const RELEASED = 'contracts/released';

/** Generates the JSON Schemas and the AsyncAPI document, by their path in the repository. */
export function generateFiles(contracts: readonly EventContract[] = catalog): Map<string, string> {
  const events = contracts.map((contract) => {
    const sample = sampleOf(contract.type);
    const isCustom = customCatalog.includes(contract);
    return { contract, sample, schema: jsonSchemaOf(contract, sample), isCustom };
  });
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return new Map([
    ...events.map(({ contract, schema }) => [`${PUBLISHED}/${contract.type}.json`, json(schema)] as const),
    ['docs/asyncapi/asyncapi.json', json(createAsyncApi(events, version))],
  ]);
}

/** Reads the published JSON Schemas. */
export function publishedSchemas(checkout = root): JsonSchema[] {
  const folder = join(checkout, PUBLISHED);
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.json')) : [];
  return files.map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')));
}

/** Reads those that others may have by now: one that git does not track yet is a draft, which may still change. */
function sharedSchemas(checkout: string): JsonSchema[] {
  const drafts = draftsIn(join(checkout, PUBLISHED));
  return publishedSchemas(checkout).filter(({ title }) => !drafts.includes(`${title}.json`));
}

/** Lists the files in a folder that git does not track; none where there is no git. */
function draftsIn(folder: string): string[] {
  try {
    const args = ['ls-files', '--others', '--exclude-standard', '-z', '.'];
    return execFileSync('git', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split(
      '\0',
    );
  } catch {
    return [];
  }
}

/** Reads the JSON Schemas of all releases, which nothing regenerates: a released event never changes. */
export function releasedSchemas(checkout = root): JsonSchema[] {
  const folder = join(checkout, RELEASED);
  const files = existsSync(folder) ? readdirSync(folder).sort() : [];
  return files.flatMap((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')));
}

/** Writes the schemas of this version's events beside those of earlier releases; returns the path. Throws where it is released already. */
export function writeRelease(checkout = root): string {
  const { version } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8'));
  const path = `${RELEASED}/${version}.json`;
  if (existsSync(join(checkout, path))) throw new Error(`${path} is there already: a release never changes.`);
  mkdirSync(join(checkout, RELEASED), { recursive: true });
  writeFileSync(join(checkout, path), json(publishedSchemas(checkout)));
  return path;
}

/** Compares the contracts with the published and the released schemas and returns every breaking change. */
export function findBreakingChanges(contracts: readonly EventContract[] = catalog, checkout = root): BreakingChange[] {
  const current = new Map(contracts.map((contract) => [contract.type, contract]));
  const found = [...sharedSchemas(checkout), ...releasedSchemas(checkout)].flatMap((schema) => {
    const contract = current.get(String(schema.title));
    return breakingChanges(schema, contract && jsonSchemaOf(contract, undefined));
  });
  // What breaks a release mostly breaks the published files too.
  return [...new Map(found.map((change) => [formatBreakingChange(change), change])).values()];
}

/** Formats a breaking change: `shop.order.placed.v1: data.customer.locale: field removed`. */
export const formatBreakingChange = ({ event, field, rule }: BreakingChange): string =>
  [event, field, rule].filter((part) => part !== '').join(': ');

/** Returns the paths of generated files whose committed content is missing or differs. */
export const outdatedFiles = (files = generateFiles(), checkout = root): string[] =>
  [...files].filter(([path, content]) => read(join(checkout, path)) !== content).map(([path]) => path);

/** Writes outdated files and returns their paths. Throws, and writes nothing, where a published event would break. */
export function writeOutdatedFiles(contracts: readonly EventContract[] = catalog, checkout = root): string[] {
  const changes = findBreakingChanges(contracts, checkout).map((change) => `  ${formatBreakingChange(change)}`);
  if (changes.length > 0) {
    throw new Error(
      `This breaks what is published:\n${changes.join('\n')}\nLeave that version as it is and define the next one (docs/contracts.md). If nobody has it yet, delete its file in ${PUBLISHED} first.`,
    );
  }
  const files = generateFiles(contracts);
  const paths = outdatedFiles(files, checkout);
  for (const path of paths) {
    mkdirSync(dirname(join(checkout, path)), { recursive: true });
    writeFileSync(join(checkout, path), files.get(path) ?? '');
  }
  return paths;
}

const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);

function sampleOf(type: string): unknown {
  const path = `test/contracts/samples/${type}.json`;
  const sample = read(join(root, path));
  if (sample === undefined) throw new Error(`Keep a sample of ${type} in ${path} before it is published.`);
  return JSON.parse(sample);
}

// The spaces of the SKU's pattern; written as escapes, because nobody can see them.
const INVISIBLE = /[\u007f-\u00a0\u1680\u2000-\u200f\u2027-\u202f\u205f\u3000\ufeff]/g;

const json = (document: unknown) =>
  `${JSON.stringify(document, null, 2)}\n`.replace(
    INVISIBLE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
