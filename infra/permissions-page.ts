import { constructIdOf } from './names.ts';
import { shippedRoutes } from './routing.ts';

// biome-ignore lint/suspicious/noExplicitAny: a template is JSON of many shapes
type Json = any;

/** A synthesised template. */
export type TemplateJson = { Resources: Record<string, { Type: string; Properties?: Json }> };

/** Settings that name what has permissions only then: a partner, an endpoint and a sender. */
export const OUTSIDE = {
  partners: { crm: ['shop.order.confirmed.v1'] },
  webhooks: {
    endpoints: { erp: { url: 'https://erp.example.com', events: ['shop.order.confirmed.v1'], secret: 'shop/erp' } },
  },
  intake: { senders: { acme: { scheme: 'stripe', secret: 'shop/acme' } } },
};

/** Settings with which functions that every stack has may do more. */
export const MORE = { paymentGateway: 'stripe', stripeSecret: 'shop/stripe', recordDays: 365 };

/** Builds docs/permissions.md from the stack without settings, and from those with the settings `MORE` and `OUTSIDE`. */
export function permissionsPage(template: TemplateJson, more: TemplateJson, outside: TemplateJson): string {
  const names = [...Object.keys(shippedRoutes), 'sweep', 'archive'];
  const added = (name: string) => {
    const usual = permissionRows(template, name);
    return permissionRows(more, name).filter((row) => !usual.includes(row));
  };
  return `# Permissions of each function

Generated from the template by \`npm run generate\`. \`test/infra/permissions.test.ts\` compares the permissions with the AWS calls in each function's
code: none is missing and none is unused. Each function has its own role, without AWS managed policies. "The key, through SQS" means that SQS
may use the key on the function's behalf, while the function itself may not.

${names.map((name) => table(`## ${name}`, permissionRows(template, name))).join('\n')}
${table('## payment with `paymentGateway=stripe`: additional permissions, without those for the sandbox’s table', added('payment'))}
${table('## sweep with `recordDays`: additional permissions', added('sweep'))}
${table('## webhooks, where the settings name endpoints', permissionRows(outside, 'webhooks'))}
${table('## intake, where the settings name senders', permissionRows(outside, 'intake'))}
${table('## The policy of the partner `crm`, for the roles of its service', rowsOf(outside, 'AWS::IAM::ManagedPolicy', 'PartnerCrmPolicy'))}`;
}

const table = (title: string, lines: readonly string[]) =>
  `${title}\n\n| Resource | Actions |\n| --- | --- |\n${lines.map((line) => `${line}\n`).join('')}`;

/** Lists what the function of one consumer may do, each as a row of a table. */
export const permissionRows = (template: TemplateJson, name: string): string[] =>
  rowsOf(template, 'AWS::IAM::Policy', `${constructIdOf(name)}Function`);

function rowsOf({ Resources }: TemplateJson, type: string, prefix: string): string[] {
  const [policy] = Object.entries(Resources).flatMap(([id, { Type, Properties }]) =>
    Type === type && id.startsWith(prefix) ? [Properties] : [],
  );
  const statements: Json[] = policy?.PolicyDocument.Statement ?? [];
  return statements.map((statement) => {
    const actions = [statement.Action].flat().map((action) => `\`${action}\``);
    return `| ${on(statement)} | ${actions.join(' ')} |`;
  });
}

function on({ Resource, NotResource, Condition }: Json): string {
  if (NotResource !== undefined) return 'phone numbers (every resource except topics)';
  if (Resource === '*') return '`*` (traces have no ARN)';
  const via = /"(sqs|sns|dynamodb|s3)\./.exec(JSON.stringify(Condition ?? ''))?.[1];
  if (via !== undefined) return `the key, through ${{ sqs: 'SQS', sns: 'SNS', dynamodb: 'DynamoDB', s3: 'S3' }[via]}`;
  const types = [Condition?.['ForAllValues:StringEquals']?.['events:detail-type'] ?? []].flat();
  const only = types.length === 0 ? '' : ` (only ${types.map((type) => `\`${type}\``).join(', ')})`;
  return [Resource].flat().map(named).sort().join(', ') + only;
}

function named(resource: Json): string {
  const text = JSON.stringify(resource);
  if (text.includes(':secretsmanager:')) return 'the secrets that the settings name';
  // CDK adds eight hexadecimal digits to a logical id.
  const [, id = text] = /"(?:Ref|Fn::GetAtt)":\[?"(\w+?)(?:[0-9A-F]{8})?"/.exec(text) ?? [];
  const index = /\/index\/([\w*-]+)/.exec(text)?.[1];
  return index === undefined ? `\`${id}\`` : `index \`${index}\` of \`${id}\``;
}
