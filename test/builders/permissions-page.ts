import { routing } from '../../infra/routing.ts';
import { actionsOf, type synthesise } from './template.ts';

type Template = ReturnType<typeof synthesise>;
// biome-ignore lint/suspicious/noExplicitAny: policy statements are plain JSON
type Statement = any;

/** Renders docs/permissions.md from the stack with the sandbox gateway and the stack with Stripe. */
export function permissionsPage(template: Template, withGateway: Template): string {
  const names = [...Object.keys(routing), 'sweep', 'archive'];
  const extra = rows(withGateway, 'payment').filter((row) => !rows(template, 'payment').includes(row));
  return `# Permissions of each function

Generated from the template by \`test/infra/permissions.test.ts\`, which also compares the permissions with the AWS calls in each function's
code: none is missing and none is unused. Each function has its own role, without AWS managed policies. "The key, through SQS" means that SQS
may use the key on the function's behalf, while the function itself may not.

${names.map((name) => table(name, rows(template, name))).join('\n')}
${table('payment with `paymentGateway=stripe`: additional permissions, without those for the sandbox’s table', extra)}`;
}

const table = (title: string, lines: readonly string[]) =>
  `## ${title}\n\n| Resource | Actions |\n| --- | --- |\n${lines.map((line) => `${line}\n`).join('')}`;

const rows = (template: Template, name: string): string[] => {
  const statements: Statement[] = template.function(name).role.properties.PolicyDocument.Statement;
  return statements.map(
    (statement) =>
      `| ${on(statement)} | ${actionsOf(statement)
        .map((action) => `\`${action}\``)
        .join(' ')} |`,
  );
};

function on({ Resource, NotResource, Condition }: Statement): string {
  if (NotResource !== undefined) return 'phone numbers (every resource except topics)';
  if (Resource === '*') return '`*` (traces have no ARN)';
  const via = /"(sqs|sns|dynamodb|s3)\./.exec(JSON.stringify(Condition ?? ''))?.[1];
  if (via !== undefined) return `the key, through ${{ sqs: 'SQS', sns: 'SNS', dynamodb: 'DynamoDB', s3: 'S3' }[via]}`;
  const types = [Condition?.['ForAllValues:StringEquals']?.['events:detail-type'] ?? []].flat();
  const only = types.length === 0 ? '' : ` (only ${types.map((type) => `\`${type}\``).join(', ')})`;
  return [Resource].flat().map(named).sort().join(', ') + only;
}

function named(resource: Statement): string {
  const text = JSON.stringify(resource);
  if (text.includes(':secretsmanager:')) return 'the secret that `stripeSecret` names';
  // CDK adds eight hexadecimal digits to a logical id.
  const [, id = text] = /"(?:Ref|Fn::GetAtt)":\[?"(\w+?)(?:[0-9A-F]{8})?"/.exec(text) ?? [];
  const index = /\/index\/([\w*-]+)/.exec(text)?.[1];
  return index === undefined ? `\`${id}\`` : `index \`${index}\` of \`${id}\``;
}
