import { routing } from '../../infra/routing.ts';
import { actionsOf, type synthesise } from './template.ts';

type Template = ReturnType<typeof synthesise>;
// biome-ignore lint/suspicious/noExplicitAny: policy statements are plain JSON
type Statement = any;

/** Takes the stack, with the sandbox and with a real payment gateway, and gives the page that says what each function may do. */
export function permissionsPage(template: Template, withGateway: Template): string {
  const names = [...Object.keys(routing), 'sweep', 'archive'];
  const extra = rows(withGateway, 'payment').filter((row) => !rows(template, 'payment').includes(row));
  return `# What each function may do

Made from the template by \`test/infra/permissions.test.ts\`, which also compares it with the calls to AWS that each function's code makes:
nothing is missing, nothing is unused. Each function has a role of its own, with no policy of AWS's. "The key, through SQS" means that it
may not use the key itself: SQS may, for what the function asks of it.

${names.map((name) => table(name, rows(template, name))).join('\n')}
${table('payment, with `paymentGateway=stripe`, besides, and without the sandbox’s table', extra)}`;
}

const table = (title: string, lines: readonly string[]) =>
  `## ${title}\n\n| on | may |\n| --- | --- |\n${lines.map((line) => `${line}\n`).join('')}`;

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
  if (NotResource !== undefined) return 'telephone numbers: everything but topics';
  if (Resource === '*') return 'traces, which have no name';
  const via = /"(sqs|sns|dynamodb)\./.exec(JSON.stringify(Condition ?? ''))?.[1];
  if (via !== undefined) return `the key, through ${{ sqs: 'SQS', sns: 'SNS', dynamodb: 'DynamoDB' }[via]}`;
  return [Resource].flat().map(named).sort().join(', ');
}

function named(resource: Statement): string {
  const text = JSON.stringify(resource);
  if (text.includes(':secretsmanager:')) return 'the secret that `stripeSecret` names';
  // CDK adds eight signs to a logical id.
  const [, id = text] = /"(?:Ref|Fn::GetAtt)":\[?"(\w+?)(?:[0-9A-F]{8})?"/.exec(text) ?? [];
  const index = /\/index\/([\w*-]+)/.exec(text)?.[1];
  return index === undefined ? `\`${id}\`` : `index \`${index}\` of \`${id}\``;
}
