import { toJsonSchema } from '@valibot/to-json-schema';
import { customSettings } from './custom/settings.ts';
import { settingsSchema } from './settings-schema.ts';

/** The keywords of the JSON Schema that are used here; `absent` says what applies without the setting. */
type SettingSchema = {
  description?: string | undefined;
  default?: unknown;
  absent?: string | undefined;
  properties?: Record<string, SettingSchema> | undefined;
  additionalProperties?: SettingSchema | boolean | undefined;
  anyOf?: SettingSchema[] | undefined;
  [keyword: string]: unknown;
};

const SCHEMA: SettingSchema = JSON.parse(
  JSON.stringify(toJsonSchema(settingsSchema, { typeMode: 'input', errorMode: 'ignore' })),
);

/** Builds the JSON Schema of a stage's file, which editors check and complete it with. */
export const settingsJsonSchema = (): SettingSchema => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: "A stage's settings",
  description: 'Generated from infra/settings-schema.ts; docs/settings.md explains each setting.',
  ...forEditors(SCHEMA),
});

/** Leaves out what only the page shows: links, and what applies without a setting. */
function forEditors({ absent: _, ...schema }: SettingSchema): SettingSchema {
  const { description, properties, additionalProperties, anyOf } = schema;
  return {
    ...schema,
    ...(description && { description: description.replaceAll(/ \(\[.+?\]\(.+?\)\)/g, '').replaceAll('`', '') }),
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, forEditors(one)])),
    }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: forEditors(additionalProperties) }),
    ...(anyOf && { anyOf: anyOf.map(forEditors) }),
  };
}

/** Builds docs/settings.md. */
export const settingsPage = (): string => `# Settings

Each stage has one file, \`settings/<stage>.json\`; its name is the stage's. \`cdk\` takes the file of \`-c stage=<stage>\`, of \`dev\` where none is
named; \`npm run deploy -- <stage>\` does the same. A value that is wrong, or of no setting, is refused. Editors check the file by its JSON Schema.

\`-c <name>=<value>\` overrides one value; a list is given with commas, an object as JSON. A stage other than \`dev\` and \`local\` is protected: it takes
overrides only with \`-c allowOverrides=true\`. \`paymentGateway\`, \`encryption\`, \`keyArn\` and \`restoredTables\` stand in the file only, where a change of them is
reviewed.

${table(SCHEMA, (name) => !(name in customSettings))}

One consumer's own settings are in \`consumers\`, by its name, or \`archive\`: \`"consumers": { "payment": { "concurrency": 20, "memory": 1024 } }\`.

${table(SCHEMA.properties?.consumers?.properties?.archive)}

The archive gathers up to 1000 messages in 60 seconds. A FIFO queue (\`shipping\`) has no window and at most 10 messages in a batch.

A partner in \`partners\` ([subscribing](subscribing.md)) has a name of 1 to 20 small letters and digits. It is a list of events, \`"lifecycle"\`, or an object:

${table(members(SCHEMA.properties?.partners))}

By default AWS allows 300 rules on a bus. A partner with a list takes one rule, and one more for each event that services report (\`shop.payment.received.v1\`); so does an endpoint.

An endpoint in \`webhooks.endpoints\` ([webhooks](webhooks.md)):

${table(members(SCHEMA.properties?.webhooks?.properties?.endpoints))}

A sender in \`intake.senders\` ([intake](intake.md)):

${table(members(SCHEMA.properties?.intake?.properties?.senders))}

Beside \`senders\`, \`intake\` may have:

${table(SCHEMA.properties?.intake, (name) => name !== 'senders')}
`;

/** Builds the table of the settings in `infra/custom/settings.ts`. */
export const customSettingsTable = (): string => table(SCHEMA, (name) => name in customSettings);

function table({ properties = {} }: SettingSchema = {}, isShown: (name: string) => boolean = () => true): string {
  const rows = Object.entries(properties)
    .filter(([name]) => name !== '$schema' && isShown(name))
    .map(([name, schema]) => `| \`${name}\` | ${defaultOf(schema)} | ${schema.description} |`);
  return ['| setting | default | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}

/** Returns the schema of what an object holds by name: of its long form, where there is a shorter one. */
function members(schema: SettingSchema | undefined): SettingSchema | undefined {
  const { additionalProperties } = schema ?? {};
  if (typeof additionalProperties !== 'object') return undefined;
  return additionalProperties.anyOf?.find(({ properties }) => properties !== undefined) ?? additionalProperties;
}

const defaultOf = ({ default: value, absent }: SettingSchema) =>
  value === undefined
    ? (absent ?? 'must be given')
    : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
