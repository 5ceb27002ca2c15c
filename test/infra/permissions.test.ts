import { describe, expect, test } from 'vitest';
import { routing } from '../../infra/routing.ts';
import { actionsCalledBy } from '../builders/permissions.ts';
import { permissionsPage } from '../builders/permissions-page.ts';
import { actionsOf, synthesise } from '../builders/template.ts';

const sandbox = synthesise();
const stripe = synthesise({ paymentGateway: 'stripe', stripeSecret: 'shop/stripe' });

// biome-ignore lint/suspicious/noExplicitAny: policy statements are plain JSON
type Json = any;
const fedFunctions = [...Object.keys(routing), 'archive'];
const functions = [
  ...[...fedFunctions, 'sweep'].map((name) => ({ name, handler: `${name}/handler.ts`, template: sandbox })),
  { name: 'payment', handler: 'payment/stripe-handler.ts', template: stripe },
];

const roleOf = (template: typeof sandbox, name: string) => template.function(name).role.properties.PolicyDocument;
/** The logical ids that something in the template refers to. */
const named = (value: Json): string[] =>
  [...JSON.stringify(value ?? '').matchAll(/\{"(?:Ref|Fn::GetAtt)":\[?"(\w+)"/g)].map(([, id = '']) => id);
const ofAws = (id: string) => !id.startsWith('AWS');

describe.each(functions)('The function of $name ($handler)', ({ name, handler, template }) => {
  const statements: Json[] = roleOf(template, name).Statement;
  const { function: fn, log, queue } = template.function(name);
  const allowed = [...new Set(statements.flatMap(actionsOf))].sort();
  const calls = actionsCalledBy(handler);
  const fed = fedFunctions.includes(name);

  test('may do exactly what its code calls, what Lambda does for it, and what encryption needs for both', () => {
    const tables = calls.some((action) => action.startsWith('dynamodb:'));
    const sends = calls.includes('sqs:SendMessage');
    const forLambda = [
      ...['logs:CreateLogStream', 'logs:PutLogEvents', 'xray:PutTelemetryRecords', 'xray:PutTraceSegments'],
      ...(fed ? ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'] : []),
    ];
    const forKey = [...(tables || fed ? ['kms:Decrypt'] : []), ...(sends ? ['kms:GenerateDataKey'] : [])];
    expect(allowed).toEqual([...new Set([...calls, ...forLambda, ...forKey])].sort());
  });

  test('may touch exactly what it is told the name of, its queue, its log and the key', () => {
    const told = named(fn.properties.Environment.Variables).filter(ofAws);
    const own = [log.id, ...(fed ? [queue?.id] : []), template.resources('AWS::KMS::Key')[0]?.id];
    const touched = statements.flatMap(({ Resource }) => named(Resource)).filter(ofAws);
    expect([...new Set(touched)].sort()).toEqual([...new Set([...told, ...own])].sort());
  });

  test('may use the key through each service that encrypts something for it, and not directly', () => {
    const used = statements
      .filter((statement) => actionsOf(statement).some((action) => action.startsWith('kms:')))
      .map(({ Condition, ...statement }) => {
        const [service] = /\b(sqs|sns|dynamodb)\b/.exec(JSON.stringify(Condition.StringEquals['kms:ViaService'])) ?? [];
        return [service, actionsOf(statement)];
      });
    const both = ['kms:Decrypt', 'kms:GenerateDataKey'];
    const publishes = statements.some((one) => one.Resource !== undefined && actionsOf(one).includes('sns:Publish'));
    expect(Object.fromEntries(used)).toEqual({
      ...(fed ? { sqs: calls.includes('sqs:SendMessage') ? both : ['kms:Decrypt'] } : {}),
      ...(calls.some((action) => action.startsWith('dynamodb:')) ? { dynamodb: ['kms:Decrypt'] } : {}),
      ...(publishes ? { sns: both } : {}),
    });
  });
});

test('A function is allowed nothing by a policy of AWS, or by one that others share', () => {
  const roles = sandbox.resources('AWS::IAM::Role');
  expect(roles).toHaveLength(sandbox.resources('AWS::Lambda::Function').length);
  for (const { properties } of roles) expect(properties).not.toHaveProperty('ManagedPolicyArns');
  for (const { properties } of sandbox.resources('AWS::IAM::Policy')) expect(properties.Roles).toHaveLength(1);
});

test('docs/permissions.md is what the template says (`npx vitest run --project infra -u` writes it)', async () => {
  await expect(permissionsPage(sandbox, stripe)).toMatchFileSnapshot('../../docs/permissions.md');
});
