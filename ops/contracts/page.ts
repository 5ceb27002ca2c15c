import type { AsyncApi } from './async-api.ts';
import type { JsonSchema } from './json-schema.ts';
import { style } from './page-style.ts';

/** Takes an AsyncAPI document and gives it as one HTML page that needs nothing else: no script, no network. */
export function page(document: AsyncApi): string {
  const { info, channels, components } = document;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(info.title)}: events</title>
<style>${style}</style>
<main>
<h1>${text(info.title)}: events</h1>
<p>${text(info.description)} Version ${text(info.version)}, ${text(info.license.name)}.
The same as a document for tools: <a href="asyncapi.json">asyncapi.json</a> (AsyncAPI ${document.asyncapi}).</p>
<nav>${Object.entries(channels)
    .map(([name, { title, messages }]) => {
      const links = Object.keys(messages).map((type) => `<li><a href="#${type}"><code>${type}</code></a></li>`);
      return `<section><h2><a href="#${name}">${text(title)}</a></h2><ul>${links.join('')}</ul></section>`;
    })
    .join('\n')}</nav>
${Object.entries(channels)
  .map(([name, { title, description, messages }]) => {
    const articles = Object.keys(messages).map((type) => article(document, name, type));
    return `<h2 id="${name}">${text(title)}</h2>\n<p>${text(description)}</p>\n${articles.join('\n')}`;
  })
  .join('\n')}
<h2 id="envelope">Every event's envelope</h2>
<p>CloudEvents 1.0. Fields nobody knows are left out, not refused. In what the shop sends, all but <code>traceparent</code> are always there.</p>
${table(rows({ ...first(components.schemas), properties: envelope(first(components.schemas)) }))}
</main>
</html>
`;
}

function article({ channels, operations, components }: AsyncApi, channel: string, type: string): string {
  const { summary = '', examples = [] } = components.messages[type] ?? {};
  const schema = components.schemas[type] ?? {};
  const ref = `#/channels/${channel}/messages/${type}`;
  const parts = (action: string) =>
    Object.values(operations)
      .filter((operation) => operation.action === action && operation.messages.some(({ $ref }) => $ref === ref))
      .map(({ title }) => title.split(' ')[0] ?? '');
  const [sender = 'your services'] = parts('send');
  const readers = parts('receive');
  const data = schema.properties?.data ?? {};
  return `<article id="${type}">
<h3><code>${type}</code></h3>
<p>${text(summary)}${data.description === undefined ? '' : ` ${text(data.description)}`}</p>
<p class="route"><b>${sender}</b> → ${channels[channel]?.title}${readers.length === 0 ? '' : ` → ${readers.map((name) => `<b>${name}</b>`).join(', ')}`}</p>
${table(rows(data, 'data'))}
<details><summary>Sample</summary><pre>${text(JSON.stringify((examples[0] as { payload?: unknown } | undefined)?.payload, null, 2))}</pre></details>
</article>`;
}

type Row = { field: string; type: string; required: boolean; rules: string };

/** Takes a schema and gives a row per field in it, however deep: `data.items[].sku`. */
export function rows(schema: JsonSchema, at = ''): Row[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = at === '' ? name : `${at}.${name}`;
    const row = { field: path, type: typeOf(field), required: !!schema.required?.includes(name), rules: rules(field) };
    const inner = field.items === undefined ? rows(field, path) : rows(field.items, `${path}[]`);
    return [row, ...inner];
  });
}

const table = (found: readonly Row[]) => `<table>
<tr><th>field<th>type<th>required<th>rules
${found.map(({ field, type, required, rules }) => `<tr><td><code>${text(field)}</code><td>${text(type)}<td>${required ? 'yes' : ''}<td>${rules}`).join('\n')}
</table>`;

const typeOf = ({ type, anyOf, ...field }: JsonSchema): string =>
  anyOf?.map(typeOf).join(' or ') ?? (type === undefined ? typeof (field.const ?? field.enum?.[0]) : String(type));

function rules(field: JsonSchema): string {
  const allowed = field.const === undefined ? field.enum : [field.const];
  const values = allowed?.map((value) => `<code>${text(JSON.stringify(value))}</code>`).join(' ');
  const { minimum, maximum, minLength, maxLength, minItems, maxItems } = field;
  const range = [minimum ?? minLength ?? minItems, maximum ?? maxLength ?? maxItems];
  const unit = minLength === undefined ? (minItems === undefined ? '' : ' lines') : ' characters';
  return [
    values,
    range[0] === undefined ? undefined : `${count(range[0])} to ${count(range[1])}${unit}.`,
    field.format === undefined ? undefined : `Format ${text(String(field.format))}.`,
    field.description === undefined ? undefined : text(field.description),
    field.default === undefined ? undefined : `Filled in with <code>${text(JSON.stringify(field.default))}</code>.`,
  ]
    .filter((rule) => rule !== undefined)
    .join(' ');
}

const count = (limit: unknown) => (typeof limit === 'number' ? limit.toLocaleString('en') : '…');

const first = (schemas: Record<string, JsonSchema>): JsonSchema => Object.values(schemas)[0] ?? {};

const envelope = ({ properties = {} }: JsonSchema): Record<string, JsonSchema> => {
  const { data, type, ...common } = properties;
  return { type: { type: 'string', description: 'One of the types above.' }, ...common, data: { type: 'object' } };
};

const text = (raw: string) => raw.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
