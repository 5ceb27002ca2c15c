import { resourcesOf, type Template } from './template.ts';

/** Values as text by the setting's name; nested ones as `consumers.payment.memory`. What is not set is absent. */
export type SettingValues = Readonly<Record<string, string>>;

/** A setting with the deployed value and the new one; `undefined` where it is not set. */
export type SettingChange = { setting: string; from: string | undefined; to: string | undefined };

/** Lists the settings in which a new template differs from the deployed one, as far as the deployed one tells. */
export function compareSettings(deployed: Template, next: Template, stackName: string): SettingChange[] {
  const recorded = recordedSettings(deployed);
  const from = recorded ?? inferSettings(deployed, stackName);
  const to = recordedSettings(next) ?? inferSettings(next, stackName);
  const names = recorded === undefined ? Object.keys(from) : [...new Set([...Object.keys(from), ...Object.keys(to)])];
  const changes = names
    .filter((setting) => from[setting] !== to[setting])
    .map((setting) => ({ setting, from: from[setting], to: to[setting] }));
  return changes.filter((change) => !isInherited(change, changes));
}

/** What a consumer takes from all consumers, by the name of its own setting. */
const INHERITED: Readonly<Record<string, string>> = {
  concurrency: 'consumerConcurrency',
  batchSize: 'batchSize',
  window: 'batchWindowSeconds',
};

/** Whether a consumer's setting only follows that of all consumers, which is said once. */
function isInherited({ setting, from, to }: SettingChange, changes: readonly SettingChange[]): boolean {
  const [, own = ''] = /^consumers\.[^.]+\.(\w+)$/.exec(setting) ?? [];
  return changes.some((one) => one.setting === INHERITED[own] && one.from === from && one.to === to);
}

/** Reads the settings that a template records in its metadata; `undefined` where it is older than that. */
export function recordedSettings({ Metadata }: Template): SettingValues | undefined {
  const settings = Metadata?.Settings;
  return settings instanceof Object ? Object.fromEntries(flatten('', settings).map(nameAsInFile)) : undefined;
}

/** Those of texts are kept together, `sms.perDay`, and stand in the file as `smsPerDay`. */
const nameAsInFile = ([name, value]: [string, string]): [name: string, value: string] => [
  name.replace(/^sms\.(.)/, (_, initial: string) => `sms${initial.toUpperCase()}`),
  value,
];

function flatten(prefix: string, values: object): [name: string, value: string][] {
  return Object.entries(values).flatMap(([name, value]: [string, unknown]) => {
    if (value === undefined || value === null) return [];
    if (Array.isArray(value)) return value.length === 0 ? [] : [[`${prefix}${name}`, value.map(String).join(', ')]];
    return value instanceof Object ? flatten(`${prefix}${name}.`, value) : [[`${prefix}${name}`, String(value)]];
  });
}

/** Infers from its resources what a template without recorded settings was made with. */
function inferSettings(template: Template, stackName: string): SettingValues {
  const stage = inferStage(template, stackName);
  const paymentGateway = inferGateway(template);
  return {
    ...(stage === undefined ? {} : { stage }),
    encryption: resourcesOf(template, 'AWS::KMS::Key').length > 0 ? 'customer' : 'aws',
    ...(paymentGateway === undefined ? {} : { paymentGateway }),
  };
}

/** The bus was named after the stack and the stage, as `ShopMessaging-prod`. */
function inferStage(template: Template, stackName: string): string | undefined {
  const names = resourcesOf(template, 'AWS::Events::EventBus').map(([, { Properties }]) => Properties?.Name);
  const name = names.find((one): one is string => typeof one === 'string' && one.startsWith(`${stackName}-`));
  return name?.slice(stackName.length + 1);
}

/** The function of `payment` is told its gateway: the secret with Stripe's key, or the sandbox's table. */
function inferGateway(template: Template): string | undefined {
  const variables = resourcesOf(template, 'AWS::Lambda::Function')
    .filter(([logicalId]) => logicalId.startsWith('PaymentFunction'))
    .flatMap(([, { Properties }]) => Object.keys(variablesOf(Properties?.Environment)));
  if (variables.includes('STRIPE_SECRET_ID')) return 'stripe';
  return variables.includes('SANDBOX_GATEWAY_TABLE_NAME') ? 'sandbox' : undefined;
}

const variablesOf = (environment: unknown): object =>
  environment instanceof Object && 'Variables' in environment && environment.Variables instanceof Object
    ? environment.Variables
    : {};
