import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import type { EventContract } from '../../contracts/cloud-event.ts';
import { customCatalog } from '../../contracts/custom/catalog.ts';
import { routing } from '../../infra/routing.ts';
import { consumedContracts } from './consumed.ts';
import { type ConsumerNames, consumerNames } from './names.ts';
import { addEntry, addImport } from './source-edits.ts';
import * as plain from './templates/consumer.ts';
import * as withTable from './templates/consumer-with-table.ts';
import { consumesFile } from './templates/consumes.ts';
import { type Imports, importsOf } from './templates/imports.ts';
import type { Changes } from './write.ts';

const ROUTES = { path: 'infra/custom/routes.ts', variable: 'customRoutes' };
const TABLES = { path: 'infra/custom/tables.ts', variable: 'customTables' };

export type ConsumerOptions = { table: boolean; on: readonly string[] };

/** Plans the files of a new consumer: its folder, its unit test and its route. Throws a sentence for a wrong name or event. */
export function planConsumer(
  name: string,
  { table, on }: ConsumerOptions,
  root: string,
): Changes & { open: readonly string[] } {
  const names = consumerNames(name, Object.keys(routing));
  const folder = `lambdas/${name}`;
  const tests = `test/unit/${name}`;
  const taken = [folder, tests].find((path) => existsSync(join(root, path)));
  if (taken !== undefined) throw new Error(`${taken}/ is there already: nothing was written.`);
  const consumed = consumedContracts(name, on, { hasTable: table });
  const published = publishedBy(name);
  const [reads, sends] = [importsOf(consumed), importsOf(published)];
  const { rulesFile, handlerFile, rulesTestFile } = table ? withTable : plain;
  const types = (contracts: readonly EventContract[]) => contracts.map(({ type }) => type);
  return {
    created: new Map([
      [`${folder}/consumes.ts`, consumesFile(name, reads)],
      [`${folder}/rules.ts`, rulesFile(names, sends).trimStart()],
      [`${folder}/handler.ts`, handlerFile(names, sends).trimStart()],
      [`${tests}/rules.test.ts`, rulesTestFile(names, types(consumed), types(published)).trimStart()],
    ]),
    changed: changedFiles(names, table, sends, root),
    open: [`${folder}/rules.ts`, `${tests}/rules.test.ts`, ROUTES.path],
  };
}

/** Finds the events that come from the new consumer and say no more than which order they are about, as its rules can fill in. */
const publishedBy = (name: string): EventContract[] =>
  customCatalog.filter(
    ({ source, data }) => source === `/shop/${name.toLowerCase()}` && v.is(data, { orderId: 'o-1001' }),
  );

function changedFiles(
  { name, pascal }: ConsumerNames,
  table: boolean,
  sends: Imports,
  root: string,
): Map<string, string> {
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  let routes = addImport(read(ROUTES.path), `consumes as ${name}`, `../../lambdas/${name}/consumes.ts`);
  for (const [constant, from] of sends.files('../../contracts')) routes = addImport(routes, constant, from);
  if (table) routes = addImport(routes, 'recordsOf', '../route.ts');
  const route = [
    `consumes: ${name}`,
    ...(sends.names.length > 0 ? [`publishes: [${sends.names.join(', ')}]`] : []),
    `impact: 'What ${name} does for customers waits.'`,
    ...(table ? [`tables: () => ({ TABLE_NAME: recordsOf('${pascal}') })`] : []),
  ];
  return new Map([
    [ROUTES.path, addEntry(routes, `${name}: {\n${route.join(',\n')}\n}`, ROUTES)],
    ...(table ? [[TABLES.path, addEntry(read(TABLES.path), `'${name}'`, TABLES)] as const] : []),
  ]);
}
