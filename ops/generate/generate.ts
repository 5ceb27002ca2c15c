import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cloudFormationPolicyTemplate } from '../../infra/cloudformation-policy.ts';
import { customRoutes } from '../../infra/custom/routes.ts';
import { customTables } from '../../infra/custom/tables.ts';
import { constructIdOf } from '../../infra/names.ts';
import { MORE, OUTSIDE, permissionsPage, type TemplateJson } from '../../infra/permissions-page.ts';
import { routing } from '../../infra/routing.ts';
import { readStageFile, resolveSettings } from '../../infra/settings.ts';
import { settingsJsonSchema, settingsPage } from '../../infra/settings-page.ts';
import { writeOutdatedFiles } from '../contracts/generate.ts';
import { readMeasurements } from '../estimate/calls.ts';
import { quotaUses } from '../estimate/quota-use.ts';
import { quotasPage } from '../estimate/quotas-page.ts';
import { readFacts } from '../estimate/template.ts';
import { DASHBOARD_PATH, grafanaDashboard } from '../metrics/grafana-dashboard.ts';
import { rulesFiles } from '../metrics/rules-file.ts';
import { type Budgets, measuredBudget } from './bundle-budgets.ts';
import { customPage } from './custom-page.ts';
import { type PinFile, withNewPins } from './own-pins.ts';
import { synthesise, synthesiseWithAlarms } from './synthesise.ts';

const root = join(import.meta.dirname, '..', '..');
const SHIPPED_BUDGETS = 'bench/budgets.json';
const OWN_BUDGETS = 'infra/custom/budgets.json';
const OWN_PINS = 'infra/custom/logical-ids.json';

const json = (document: unknown) => `${JSON.stringify(document, null, 2)}\n`;
const readJson = <T>(path: string): T => JSON.parse(readFileSync(join(root, path), 'utf8')) as T;

/**
 * Writes all kept output that differs from what it is generated from, and returns the paths. `raised` names the functions whose bundle budget becomes what they
 * have now. Throws a sentence, before anything else is written, where a published event would break, and for an unknown function.
 */
export async function generate({ raised = [] }: { raised?: readonly string[] } = {}): Promise<string[]> {
  const functions = [...Object.keys(routing), 'sweep', 'archive', 'webhooks', 'intake'];
  const unknown = raised.find((name) => !functions.includes(name));
  if (unknown !== undefined) throw new Error(`There is no function ${unknown}; there are ${functions.join(', ')}.`);
  const written = writeOutdatedFiles();
  const template = synthesise();
  const outside = synthesiseWithAlarms(OUTSIDE);
  const settings = resolveSettings('dev', readStageFile('dev'));
  const pins = withNewPins(
    readJson<PinFile>(OWN_PINS),
    readJson<PinFile>('infra/logical-ids.json'),
    template,
    settings,
  );
  const files = new Map<string, string>([
    ['docs/permissions.md', permissionsPage(template, synthesise(MORE), outside.template)],
    ['infra/cloudformation-policy.json', json(cloudFormationPolicyTemplate())],
    ['docs/settings.md', settingsPage()],
    ['docs/quotas.md', quotasPage(judgeQuotas(template))],
    ['docs/custom.md', customPage(template)],
    ['settings/settings.schema.json', json(settingsJsonSchema())],
    ...rulesFiles(outside.alarms, 'crm'),
    [DASHBOARD_PATH, json(grafanaDashboard())],
    [OWN_PINS, json(pins)],
    ...(await budgetFiles(raised)),
  ]);
  return [...written, ...[...files].flatMap(([path, content]) => (writeFile(path, content) ? [path] : []))];
}

/** Judges the quotas of the stack in a region, as it is shipped: of a shop's own consumers nobody has measured the calls. Only the rates at which they are met count here. */
const judgeQuotas = (template: TemplateJson) => {
  const scenario = { facts: readFacts(withoutOwn(template)), measured: readMeasurements(), ordersPerDay: 1 };
  return (region: string) => quotaUses(scenario, { region, peak: 1, granted: {} });
};

/** Leaves out the resources of a shop's own consumers and tables. */
function withoutOwn(template: TemplateJson): TemplateJson {
  const own = [...Object.keys(customRoutes), ...customTables].map(
    (name) => new RegExp(`^${constructIdOf(name)}(?![a-z])`),
  );
  const shipped = Object.entries(template.Resources).filter(([id]) => !own.some((prefix) => prefix.test(id)));
  return { ...template, Resources: Object.fromEntries(shipped) };
}

/** Gives this shop's functions that have no budget one, and those that are raised another; forgets budgets of own functions that went. */
async function budgetFiles(raised: readonly string[]): Promise<[path: string, content: string][]> {
  const shipped = readJson<Budgets>(SHIPPED_BUDGETS);
  const given = readJson<Budgets>(OWN_BUDGETS);
  const own: Record<string, Budgets[string]> = {};
  for (const name of Object.keys(customRoutes)) {
    const budget = raised.includes(name) ? undefined : given[name];
    own[name] = budget ?? (await measuredBudget(name));
  }
  const larger = { ...shipped };
  for (const name of raised.filter((one) => !(one in own))) larger[name] = await measuredBudget(name);
  return [
    [OWN_BUDGETS, json(own)],
    [SHIPPED_BUDGETS, json(larger)],
  ];
}

/** Writes a file whose content differs; returns whether it did. */
function writeFile(path: string, content: string): boolean {
  const file = join(root, path);
  if (existsSync(file) && isSame(path, readFileSync(file, 'utf8'), content)) return false;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return true;
}

/** Tells whether two texts say the same; the layout of JSON is the formatter's. */
const isSame = (path: string, before: string, after: string): boolean =>
  before === after ||
  (path !== 'settings/settings.schema.json' &&
    path.endsWith('.json') &&
    JSON.stringify(JSON.parse(before)) === JSON.stringify(JSON.parse(after)));
