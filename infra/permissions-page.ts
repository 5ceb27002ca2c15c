import { constructIdOf } from './names.ts';
import { shippedRoutes } from './routing.ts';

// biome-ignore lint/suspicious/noExplicitAny: a template is JSON of many shapes
type Json = any;

/** A synthesised template. */
export type TemplateJson = { Resources: Record<string, { Type: string; Properties?: Json }> };

/** Builds docs/permissions.md from the stack with the sandbox gateway and the stack with Stripe. */
export function permissionsPage(template: TemplateJson, withGateway: TemplateJson): string {
  const names = [...Object.keys(shippedRoutes), 'sweep', 'archive'];
  const sandbox = permissionRows(template, 'payment');
  const extra = permissionRows(withGateway, 'payment').filter((row) => !sandbox.includes(row));
  return `# Permissions of each function

Generated from the template by \`npm run generate\`. \`test/infra/permissions.test.ts\` compares the permissions with the AWS calls in each function's
code: none is missing and none is unused. Each function has its own role, without AWS managed policies. "The key, through SQS" means that SQS
may use the key on the function's behalf, while the function itself may not.

${names.map((name) => table(`## ${name}`, permissionRows(template, name))).join('\n')}
${table('## payment with `paymentGateway=stripe`: additional permissions, without those for the sandbox’s table', extra)}`;
}

const table = (title: string, lines: readonly string[]) =>
  `${title}\n\n| Resource | Actions |\n| --- | --- |\n${lines.map((line) => `${line}\n`).join('')}`;

/** Lists what the function of one consumer may do, each as a row of a table. */
export function permissionRows({ Resources }: TemplateJson, name: string): string[] {
  const prefix = `${constructIdOf(name)}Function`;
  const [policy] = Object.entries(Resources).flatMap(([id, { Type, Properties }]) =>
    Type === 'AWS::IAM::Policy' && id.startsWith(prefix) ? [Properties] : [],
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
  if (text.includes(':secretsmanager:')) return 'the secret that `stripeSecret` names';
  // CDK adds eight hexadecimal digits to a logical id.
  const [, id = text] = /"(?:Ref|Fn::GetAtt)":\[?"(\w+?)(?:[0-9A-F]{8})?"/.exec(text) ?? [];
  const index = /\/index\/([\w*-]+)/.exec(text)?.[1];
  return index === undefined ? `\`${id}\`` : `index \`${index}\` of \`${id}\``;
}
