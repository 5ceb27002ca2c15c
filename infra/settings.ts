import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Node } from 'constructs';
import * as v from 'valibot';
import type { SmsSettings } from '../lambdas/notification/sms-settings.ts';
import { HOW_TO_STOP } from '../lambdas/notification/text-frame.ts';
import { type TextFrame, templatesTooLong } from '../lambdas/notification/texts.ts';
import { TOMBSTONE_DAYS } from '../lambdas/runtime/tombstone.ts';
import { alarmTargetsProblem } from './alarm-targets.ts';
import { tableNames } from './names.ts';
import { endpointProblem, endpointsProblem, type PartnerSettings, resolvePartners } from './partner-settings.ts';
import { settingsSchema } from './settings-schema.ts';
import { stackNameProblem } from './stack-name.ts';

type Given = v.InferOutput<typeof settingsSchema>;

/** The function and the batches of one consumer. */
export type ConsumerSettings = {
  concurrency: number;
  /** In MB. */
  memory: number;
  /** In seconds. */
  timeout: number;
  batchSize: number;
  /** In seconds. */
  window: number;
};

/** Everything that a deployment can choose, with all defaults filled in. `settings-schema.ts` documents each setting. */
export type Settings = Omit<
  Given,
  '$schema' | 'stackName' | 'paymentGateway' | 'consumers' | 'partners' | `sms${string}`
> & {
  stage: string;
  /** Whether the stage keeps its data and refuses overrides: every stage but `dev` and `local`. */
  isProtected: boolean;
  /** The first of the two deployments that create a protected stack: a creation that fails can then be rolled back. */
  firstDeployment: boolean;
  /** The setting `stackName`. */
  shop: string;
  /** The shop, followed by the stage where it is neither `dev` nor `local`. */
  stackName: string;
  /** The shop, followed by the stage: the prefix of what has a name of its own. */
  name: string;
  paymentGateway: NonNullable<Given['paymentGateway']>;
  publisherAccounts: readonly string[];
  consumers: Readonly<Record<string, ConsumerSettings>>;
  partners: Readonly<Record<string, PartnerSettings>>;
  sms: SmsSettings;
};

const SETTINGS_FOLDER = join(import.meta.dirname, '..', 'settings');
const UNPROTECTED = ['dev', 'local'];
const STAGE = /^[a-z][a-z0-9-]{0,19}$/;
/** Choose a deployment, and are no settings of it. */
const SELECTORS = ['stage', 'stackName', 'allowOverrides', 'firstDeployment'];
/** Stand in the reviewed file only: a wrong one ships unpaid goods, forgets records, or leaves messages behind that nobody can read. */
const FILE_ONLY = ['paymentGateway', 'encryption', 'keyArn', 'restoredTables'];

const settingNames = [...new Set([...Object.keys(settingsSchema.entries), ...SELECTORS])]
  .filter((name) => name !== '$schema')
  .sort();
/** The consumers, and the archive, which has a queue and a function as they have. */
const consumersWithSettings = Object.keys(settingsSchema.entries.consumers.wrapped.pipe[0].entries);

/** Reads the settings of the stage that `-c stage=…` names; throws a sentence that names the setting and what it must be. */
export function readSettings(node: Node): Settings {
  const personal = personalContext();
  const context = Object.entries<unknown>(node.getAllContext()).filter(
    // The names that CDK itself keeps in the context contain other characters.
    ([name, value]) => /^\w+$/.test(name) && (settingNames.includes(name) || !isDeepStrictEqual(value, personal[name])),
  );
  const { stage = 'dev', ...overrides } = Object.fromEntries(context);
  return loadSettings(String(stage), overrides);
}

/** Reads the context of ~/.cdk.json, which a bare `cdk` adds to that of every app: what is no setting of ours there is another app's. */
function personalContext(): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(join(homedir(), '.cdk.json'), 'utf8')).context ?? {};
  } catch {
    return {};
  }
}

/** Reads the settings of a stage from its file, with values that override it, as `-c name=value` gives them. */
export function loadSettings(
  stage: string,
  overrides: Readonly<Record<string, unknown>> = {},
  folder = SETTINGS_FOLDER,
): Settings {
  const { allowOverrides, firstDeployment, ...values } = overrides;
  const file = readStageFile(stage, folder);
  assertMayOverride(stage, values, flag('allowOverrides', allowOverrides));
  const settings = resolveSettings(stage, { ...file, ...values }, { overridden: Object.keys(values) });
  assertUnambiguous(settings, stageNames(folder));
  return { ...settings, firstDeployment: flag('firstDeployment', firstDeployment) };
}

/** Refuses overrides of what is reviewed; the name of the shop is none, for it chooses what is deployed to. */
function assertMayOverride(stage: string, values: Readonly<Record<string, unknown>>, allowOverrides: boolean): void {
  for (const [name, value] of Object.entries(values)) {
    if (FILE_ONLY.includes(name)) {
      throw new Error(`-c ${name}=${value}: stands in settings/${stage}.json only, where a change of it is reviewed`);
    }
    const isSetting = name in settingsSchema.entries && name !== 'stackName';
    if (isSetting && isProtectedStage(stage) && !allowOverrides) {
      throw new Error(
        `-c ${name}=${value}: the stage ${stage} takes its settings from settings/${stage}.json; change it there, or add -c allowOverrides=true`,
      );
    }
  }
}

/** Reads the file of a stage; throws where there is none. */
export function readStageFile(stage: string, folder = SETTINGS_FOLDER): Record<string, unknown> {
  const known = stageNames(folder);
  if (!known.includes(stage)) {
    throw new Error(`-c stage=${stage}: there is no settings/${stage}.json; there are the stages ${known.join(', ')}`);
  }
  const file = join(folder, `${stage}.json`);
  const where = `settings/${stage}.json`;
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new Error(`${where}: must be JSON: ${error instanceof Error ? error.message : error}`);
  }
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) return { ...content };
  throw new Error(`${where}: must be a JSON object`);
}

/** Resolves values of settings, by name, to the settings of a stage; throws a sentence that names the first that is wrong. */
export function resolveSettings(
  stage: string,
  values: Readonly<Record<string, unknown>>,
  { overridden = [] }: { overridden?: readonly string[] } = {},
): Settings {
  const where = (name: string) => (overridden.includes(name.split('.')[0] ?? '') ? '-c ' : `settings/${stage}.json: `);
  const parsed = v.safeParse(
    settingsSchema,
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, overridden.includes(name) ? fromText(name, value) : value]),
    ),
  );
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new Error(`${where(String(issue.path?.[0]?.key))}${describeIssue(issue)}`);
  }
  return complete(stage, parsed.output, (name, rule, value = values[name]) => {
    throw new Error(`${where(name)}${name}${value === undefined ? '' : `=${asText(value)}`}: ${rule}`);
  });
}

/** Describes what is wrong with a setting: `archiveDays=0: must be …`. */
function describeIssue(outermost: v.BaseIssue<unknown>): string {
  const { issue, keys } = innermost(outermost);
  const { type, expected, input, message } = issue;
  const name = keys.join('.');
  if (type !== 'strict_object' || expected !== 'never')
    return `${name}${input === undefined ? ' is missing' : `=${asText(input)}`}: ${message}`;
  const { kind, known } = knownNames(keys);
  const names = known.length === 0 ? /^must be an object with (.+)$/.exec(message)?.[1] : known.join(', ');
  return `${name}: there is no such ${kind}${names === undefined ? '' : `; there are ${names}`}`;
}

/** Finds what is wrong inside of an object that could also have been written in a shorter form. */
function innermost(
  issue: v.BaseIssue<unknown>,
  outer: readonly string[] = [],
): { issue: v.BaseIssue<unknown>; keys: string[] } {
  const keys = [...outer, ...(issue.path ?? []).map(({ key }) => String(key))];
  const isObject = typeof issue.input === 'object' && !Array.isArray(issue.input);
  const inner = isObject ? issue.issues?.find(({ path }) => path !== undefined) : undefined;
  return inner === undefined ? { issue, keys } : innermost(inner, keys);
}

/** Returns what a name in this place of the settings is one of. */
function knownNames([outer, ...inner]: readonly string[]): { kind: string; known: readonly string[] } {
  if (inner.length === 0) return { kind: 'setting', known: settingNames };
  if (outer === 'restoredTables') return { kind: 'table', known: tableNames };
  return outer === 'consumers' && inner.length === 1
    ? { kind: 'consumer', known: consumersWithSettings }
    : { kind: 'setting', known: [] };
}

/** Throws a sentence about a setting; `value` is the one it was given unless another is said. */
type Refuse = (name: string, rule: string, value?: unknown) => never;

/** Fills in what depends on the stage or on other settings, and refuses what does not go together. */
function complete(stage: string, given: Given, refuse: Refuse): Settings {
  const { $schema: _, stackName: shop = 'ShopMessaging', paymentGateway: gateway, consumers, ...rest } = given;
  if (!STAGE.test(stage))
    refuse('stage', 'must be a small letter, then at most 19 small letters, digits and hyphens', stage);
  const problem = stackNameProblem(shop);
  if (problem !== undefined) refuse('stackName', problem, shop);
  const isProtected = isProtectedStage(stage);
  const paymentGateway = gateway ?? (isProtected ? missingGateway(stage) : 'sandbox');
  checkTogether({ ...given, paymentGateway }, refuse);
  checkEndpoints(given, refuse);
  const targetsProblem = alarmTargetsProblem(given.alarmTargets);
  if (targetsProblem !== undefined) refuse('alarmTargets', targetsProblem, Object.keys(given.alarmTargets).join(', '));
  const stackName = isProtected ? `${shop}-${stage}` : shop;
  checkRestoredTables({ ...given, paymentGateway }, stackName, refuse);
  checkTexts(given, refuse);
  const { smsCountries, smsDefaultCountry, smsSenderId, smsPerDay, smsMaxPrice, smsQuietHours, ...others } = rest;
  const { smsShopName, smsHowToStop, ...settings } = others;
  return {
    ...settings,
    stage,
    isProtected,
    firstDeployment: false,
    shop,
    stackName,
    name: `${shop}-${stage}`,
    paymentGateway,
    publisherAccounts: given.publisherAccounts ?? [],
    consumers: resolveConsumers(given, consumers, refuse),
    partners: resolvePartners(given.partners),
    sms: {
      perDay: smsPerDay,
      maxPrice: smsMaxPrice,
      ...(smsDefaultCountry === undefined ? {} : { defaultCountry: smsDefaultCountry }),
      ...(smsSenderId === undefined ? {} : { senderId: smsSenderId }),
      ...(smsCountries === undefined ? {} : { countries: smsCountries }),
      ...(smsShopName === undefined ? {} : { shopName: smsShopName }),
      ...(smsHowToStop === undefined ? {} : { howToStop: smsHowToStop }),
      ...(smsQuietHours === undefined ? {} : { quietHours: smsQuietHours }),
    },
  };
}

function missingGateway(stage: string): never {
  throw new Error(
    `settings/${stage}.json: paymentGateway is missing: say who takes the money, for example "stripe" with "stripeSecret" (docs/payment-gateways.md); "sandbox" takes none`,
  );
}

function checkTogether(given: Given, refuse: Refuse): void {
  const { paymentGateway, stripeSecret, encryption, orderDeadlineHours, reminderHours } = given;
  if (paymentGateway === 'stripe' && stripeSecret === undefined)
    refuse('paymentGateway', 'needs stripeSecret, the name or ARN of the secret with its key', paymentGateway);
  if (paymentGateway !== 'stripe' && stripeSecret !== undefined)
    refuse('stripeSecret', 'needs paymentGateway=stripe, or nothing would read it');
  if (given.keyArn !== undefined && encryption !== 'customer')
    refuse('keyArn', 'needs encryption=customer, or nothing would use it');
  if (given.ordersTopicArn !== undefined && given.publisherAccounts !== undefined)
    refuse('publisherAccounts', "cannot be granted on the topic of ordersTopicArn: its owner's policy names them");
  const leastDays = given.archiveDays + TOMBSTONE_DAYS;
  if (given.recordDays > 0 && given.recordDays < leastDays)
    refuse(
      'recordDays',
      `must be 0, or at least ${leastDays}: archiveDays (${given.archiveDays}), and the ${TOMBSTONE_DAYS} days that a replayed order can wait in queues`,
    );
  if (given.recordDays > 0 && given.recordDays < given.phoneDays)
    refuse(
      'recordDays',
      `must be 0, or at least phoneDays (${given.phoneDays}): a phone ends no later than its record`,
    );
  // A later reminder would come with the cancellation or after it.
  if (reminderHours >= orderDeadlineHours)
    refuse('reminderHours', `must be a whole number from 0 to ${orderDeadlineHours - 1}`);
}

/** Refuses a name, or a way to stop, that leaves a text no room in its segment. */
function checkTexts({ smsShopName: shopName, smsHowToStop = HOW_TO_STOP }: Given, refuse: Refuse): void {
  const checkFrame = (setting: string, frame: TextFrame) => {
    const [template] = templatesTooLong({ ...(shopName && { shopName }), ...frame });
    if (template !== undefined) refuse(setting, `leaves the text ${template} no room in one segment (docs/sms.md)`);
  };
  checkFrame('smsShopName', {});
  for (const [country, howToStop] of Object.entries(smsHowToStop)) checkFrame(`smsHowToStop.${country}`, { howToStop });
}

/** Refuses addresses that events cannot be posted to. */
function checkEndpoints({ webhooks }: Given, refuse: Refuse): void {
  for (const [name, { url }] of Object.entries(webhooks.endpoints)) {
    const problem = endpointProblem(url, webhooks.allowPrivate);
    if (problem !== undefined) refuse(`webhooks.endpoints.${name}.url`, problem, url);
  }
  const problem = endpointsProblem(webhooks);
  if (problem !== undefined) refuse('webhooks.endpoints', problem, Object.keys(webhooks.endpoints).join(', '));
}

/** Refuses tables that cannot be meant: those of another stack, one for two, half of what one transaction writes, and what nobody uses. */
function checkRestoredTables({ restoredTables, paymentGateway }: Given, stackName: string, refuse: Refuse): void {
  const entries = Object.entries(restoredTables);
  for (const [table, name] of entries) {
    const setting = `restoredTables.${table}`;
    // So are all tables of the stack, and the rights of those who deploy it.
    if (!name?.startsWith(`${stackName}-`)) refuse(setting, `must begin with ${stackName}-`, name);
    const other = entries.find(([one, its]) => its === name && one !== table)?.[0];
    if (other !== undefined) refuse(setting, `is also that of restoredTables.${other}`, name);
  }
  const { stock, reservations, sandboxGateway } = restoredTables;
  if ((stock === undefined) !== (reservations === undefined))
    refuse(
      'restoredTables',
      'stock and reservations are written together: restore both to the same second, and name both',
      restoredTables,
    );
  if (sandboxGateway !== undefined && paymentGateway !== 'sandbox')
    refuse('restoredTables.sandboxGateway', 'needs paymentGateway=sandbox, or nothing would use it', sandboxGateway);
}

const FUNCTION_DEFAULTS = { memory: 512, timeout: 30 };
// Nobody waits for the archive, and a fuller batch costs less: the messages of a minute make one, up to this size.
const ARCHIVE_DEFAULTS = { batchSize: 1_000, window: 60 };

/** Gives each consumer its own settings, and for what it leaves out those of all consumers. */
function resolveConsumers(given: Given, own: Given['consumers'], refuse: Refuse): Record<string, ConsumerSettings> {
  const { consumerConcurrency: concurrency, batchSize, batchWindowSeconds: window } = given;
  const all = { ...FUNCTION_DEFAULTS, concurrency, batchSize, window };
  // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
  if (batchSize > 10 && window === 0) refuse('batchSize', 'more than 10 needs batchWindowSeconds=1 or more');
  return Object.fromEntries(
    consumersWithSettings.map((name) => {
      const defaults = name === 'archive' ? { ...all, ...ARCHIVE_DEFAULTS } : all;
      const settings = { ...defaults, ...own[name] };
      if (settings.batchSize > 10 && settings.window === 0)
        refuse(`consumers.${name}.batchSize`, 'more than 10 needs a window of 1 or more', settings.batchSize);
      return [name, settings];
    }),
  );
}

/** Returns the settings of one consumer. */
export function consumerSettings({ consumers }: Pick<Settings, 'consumers'>, name: string): ConsumerSettings {
  const own = consumers[name];
  if (own === undefined) throw new Error(`Consumer ${name} has no folder under lambdas/ that says what it consumes.`);
  return own;
}

/** Tells whether somebody may post messages to the shop. */
export const hasIntake = ({ intake }: Pick<Settings, 'intake'>): boolean => Object.keys(intake.senders).length > 0;

const isProtectedStage = (stage: string) => !UNPROTECTED.includes(stage);

/** Lists the stages, which are the files in the folder. */
export const stageNames = (folder = SETTINGS_FOLDER): string[] =>
  existsSync(folder) ? readdirSync(folder).flatMap((file) => /^([^.]+)\.json$/.exec(file)?.[1] ?? []) : [];

/** Refuses a name under which the stack of one stage would be taken for that of another: `ShopMessaging-prod` in `dev`. */
function assertUnambiguous({ shop, stage, stackName }: Settings, stages: readonly string[]): void {
  const other = stages.find(
    (one) =>
      one !== stage && isProtectedStage(one) && stackName.endsWith(`-${one}`) && stackName.length > one.length + 1,
  );
  if (other === undefined) return;
  throw new Error(`stackName=${shop}: the stack ${stackName} of the stage ${stage} would be one of the stage ${other}`);
}

function flag(name: string, value: unknown): boolean {
  if (value === undefined || String(value) === 'false') return false;
  if (String(value) === 'true') return true;
  throw new Error(`-c ${name}=${value}: must be true or false`);
}

/** Reads the value of `-c name=value`: the text itself where the setting is one, else as JSON. */
function fromText(name: string, value: unknown): unknown {
  const schema = Object.entries<v.GenericSchema>(settingsSchema.entries).find(([one]) => one === name)?.[1];
  if (schema === undefined || typeof value !== 'string' || v.is(schema, value)) return value;
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === 'object' || v.is(schema, parsed) ? parsed : value;
  } catch {
    return value;
  }
}

const asText = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
