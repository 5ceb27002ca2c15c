import { describe, expect, test } from 'vitest';
import { constructIdOf } from '../../infra/names.ts';
import { MORE, OUTSIDE, permissionsPage } from '../../infra/permissions-page.ts';
import { routing } from '../../infra/routing.ts';
import { actionsCalledBy } from '../builders/permissions.ts';
import { actionsOf, synthesise } from '../builders/template.ts';

const sandbox = synthesise();
const more = synthesise(MORE);
const outside = synthesise(OUTSIDE);

// biome-ignore lint/suspicious/noExplicitAny: policy statements are plain JSON
type Json = any;
const queueFunctions = [...Object.keys(routing), 'archive', 'webhooks'];
const functions = [
  ...[...Object.keys(routing), 'archive'].map((name) => ({
    name,
    handler: `${name}/handler.ts`,
    template: sandbox,
  })),
  { name: 'payment', handler: 'payment/stripe-handler.ts', template: more },
  { name: 'sweep', handler: 'sweep/handler.ts', template: more },
  { name: 'webhooks', handler: 'webhooks/handler.ts', template: outside },
  { name: 'intake', handler: 'intake/handler.ts', template: outside },
];

const roleOf = (template: typeof sandbox, name: string) => template.function(name).role.properties.PolicyDocument;
/** Returns the logical ids that a part of the template refers to. */
const referencedIds = (value: Json): string[] =>
  [...JSON.stringify(value ?? '').matchAll(/\{"(?:Ref|Fn::GetAtt)":\[?"(\w+)"/g)].map(([, id = '']) => id);
const parkableQueues = (template: typeof sandbox): string[] =>
  [...Object.keys(routing), 'archive'].map(
    (name) => template.outputValue(`${constructIdOf(name)}DeadLetterQueueUrl`).Ref,
  );
const isOwnId = (id: string) => !id.startsWith('AWS');

describe.each(functions)('The function of $name ($handler)', ({ name, handler, template }) => {
  const statements: Json[] = roleOf(template, name).Statement;
  const { function: fn, log, queue } = template.function(name);
  const allowed = [...new Set(statements.flatMap(actionsOf))].sort();
  const calls = actionsCalledBy(handler);
  const hasQueue = queueFunctions.includes(name);

  test('may call exactly the actions that its code, Lambda and encryption need', () => {
    const tables = calls.some((action) => action.startsWith('dynamodb:'));
    const forLambda = [
      ...['logs:CreateLogStream', 'logs:PutLogEvents', 'xray:PutTelemetryRecords', 'xray:PutTraceSegments'],
      ...(hasQueue ? ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'] : []),
    ];
    // A dead-letter queue has no key of the stack.
    const publishes = calls.includes('sns:Publish') && name !== 'notification';
    const makesKeys = publishes || calls.includes('s3:PutObject');
    const forKey = [...(tables || hasQueue ? ['kms:Decrypt'] : []), ...(makesKeys ? ['kms:GenerateDataKey'] : [])];
    expect(allowed).toEqual([...new Set([...calls, ...forLambda, ...forKey])].sort());
  });

  test('may access exactly the resources in its environment, its queue, its log and the key', () => {
    // CloudFormation reads a secret for the function, which need not read it itself.
    const names = Object.values(fn.properties.Environment.Variables).filter(
      (value) => !JSON.stringify(value).includes('{{resolve:secretsmanager:'),
    );
    const configuredIds = referencedIds(names).filter(isOwnId);
    const ownIds = [log.id, ...(hasQueue ? [queue?.id] : []), template.resources('AWS::KMS::Key')[0]?.id];
    // A parked letter says which dead-letter queue it goes back to.
    if (name === 'sweep') ownIds.push(...parkableQueues(template));
    const touched = statements.flatMap(({ Resource }) => referencedIds(Resource)).filter(isOwnId);
    expect([...new Set(touched)].sort()).toEqual([...new Set([...configuredIds, ...ownIds])].sort());
  });

  test('may use the key only through each service that encrypts for it', () => {
    const used = statements
      .filter((statement) => actionsOf(statement).some((action) => action.startsWith('kms:')))
      .map(({ Condition, ...statement }) => {
        const [service] =
          /\b(sqs|sns|dynamodb|s3)\b/.exec(JSON.stringify(Condition.StringEquals['kms:ViaService'])) ?? [];
        return [service, actionsOf(statement)];
      });
    const both = ['kms:Decrypt', 'kms:GenerateDataKey'];
    const publishes = statements.some((one) => one.Resource !== undefined && actionsOf(one).includes('sns:Publish'));
    expect(Object.fromEntries(used)).toEqual({
      ...(hasQueue ? { sqs: ['kms:Decrypt'] } : {}),
      ...(calls.some((action) => action.startsWith('dynamodb:')) ? { dynamodb: ['kms:Decrypt'] } : {}),
      ...(calls.includes('s3:PutObject') ? { s3: ['kms:GenerateDataKey'] } : {}),
      ...(publishes ? { sns: both } : {}),
    });
  });
});

test('Function roles have no managed or shared policies', () => {
  const roles = sandbox.resources('AWS::IAM::Role');
  expect(roles).toHaveLength(sandbox.resources('AWS::Lambda::Function').length);
  for (const { properties } of roles) expect(properties).not.toHaveProperty('ManagedPolicyArns');
  for (const { properties } of sandbox.resources('AWS::IAM::Policy')) expect(properties.Roles).toHaveLength(1);
});

test('docs/permissions.md matches the template (`npm run generate` writes it)', async () => {
  await expect(permissionsPage(sandbox.json, more.json, outside.json)).toMatchFileSnapshot('../../docs/permissions.md');
});
