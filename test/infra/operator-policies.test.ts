import { globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { QUEUE_TAGS } from '../../infra/constructs/shop-queue.ts';
import { customRoutes } from '../../infra/custom/routes.ts';
import { OUTSIDE } from '../../infra/permissions-page.ts';
import { routing } from '../../infra/routing.ts';
import { awsCallsOf } from '../builders/command-actions.ts';
import { resolveTemplate } from '../builders/resolved-template.ts';
import { actionsOf, synthesise, type TestSettings, testSettings } from '../builders/template.ts';
import { type TemplateJson, templateOf } from '../builders/variants.ts';

const ops = join(import.meta.dirname, '..', '..', 'ops');

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const MAX_POLICY_CHARACTERS = 6_144;

const names = (count: number, beginning: string) =>
  Array.from({ length: count }, (_, index) => `${beginning}${index + 1}`.padEnd(20, 'x'));

/** As many of everything as a stack of 500 resources has room for, with long names; prefixes of regions are the longest there are. */
const LARGEST: TestSettings = {
  stage: 'prod',
  stackName: 'The-longest-name-that-a-shop-may-have-40',
  partners: Object.fromEntries(names(15, 'partner').map((name) => [name, ['shop.order.confirmed.v1']])),
  webhooks: {
    endpoints: Object.fromEntries(
      names(5, 'endpoint').map((name) => [
        name,
        { url: 'https://erp.example.com', events: ['shop.order.confirmed.v1'], secret: 'shop/erp' },
      ]),
    ),
  },
  intake: { senders: { acme: { scheme: 'stripe', secret: 'shop/acme' } } },
  alarmTopicArn: 'arn:aws:sns:ap-southeast-4:111111111111:alarms-of-all-that-this-company-has',
};

// biome-ignore lint/suspicious/noExplicitAny: policy statements are plain JSON
type Json = any;

/** Returns a policy of operators as AWS gets it. */
function policyOf(template: TemplateJson, kind: 'Read' | 'Repair', stackName: string): { Statement: Json[] } {
  const [found] = Object.entries(template.Resources).filter(([id]) => id.startsWith(`Operator${kind}Policy`));
  return resolveTemplate(template, found?.[1].Properties?.PolicyDocument, { stackName });
}

describe.each(['Read', 'Repair'] as const)('The policy %s of operators', (kind) => {
  const template = synthesise(OUTSIDE);
  const [policy, ...others] = template
    .resources('AWS::IAM::ManagedPolicy')
    .filter(({ id }) => id.startsWith(`Operator${kind}Policy`));

  test('is attached to no role, has no fixed name and is a stack output', () => {
    expect(others).toEqual([]);
    expect(Object.keys(policy?.properties).sort()).toEqual(['Description', 'Path', 'PolicyDocument']);
    expect(template.outputValue(`Operator${kind}PolicyArn`)).toEqual({ Ref: policy?.id });
  });

  test('fits into what AWS allows, however many partners and endpoints there are', () => {
    const { name: stackName } = testSettings(LARGEST);
    const size = JSON.stringify(policyOf(templateOf(LARGEST), kind, stackName)).length;
    // Each of a shop's own consumers takes an ARN of 140 characters, and five have room.
    const left = Math.max(0, 5 - Object.keys(customRoutes).length);
    expect(size).toBeLessThan(MAX_POLICY_CHARACTERS - left * 140);
  });

  test('names no resource by * where AWS knows one', () => {
    const open = policy?.properties.PolicyDocument.Statement.filter(({ Resource }: Json) => Resource === '*');
    const listing = [
      'cloudwatch:DescribeAlarms',
      'cloudwatch:GetMetricData',
      'events:ListRuleNamesByTarget',
      'events:ListRules',
      'lambda:ListEventSourceMappings',
      'sns:GetSubscriptionAttributes',
    ];
    expect(open.flatMap(actionsOf)).toEqual(kind === 'Read' ? listing : []);
  });

  test('allows the use of the key through services only, and not of the deployment’s other keys', () => {
    const statements: Json[] = policy?.properties.PolicyDocument.Statement;
    const using = statements.filter((one) => actionsOf(one).some((action) => /^kms:(Decrypt|Generate)/.test(action)));
    const [key] = template.resources('AWS::KMS::Key');
    for (const { Condition, Resource } of using) {
      expect(Object.keys(Condition.StringEquals)).toEqual(['kms:ViaService']);
      expect(Resource).toEqual({ 'Fn::GetAtt': [key?.id, 'Arn'] });
    }
    expect(using).toHaveLength(kind === 'Read' ? 1 : 3);
  });
});

test('The policy for reading allows nothing that changes records or sends messages', () => {
  const { Statement } = policyOf(templateOf(), 'Read', 'ShopMessaging');
  const changing = Statement.flatMap(actionsOf).filter(
    (action) => !/:(Get|List|Describe|BatchGet|Query|Scan|Filter)/.test(action),
  );
  // To look at a dead letter is to receive it, and to make it visible again.
  expect(changing.sort()).toEqual(['kms:Decrypt', 'sqs:ChangeMessageVisibility', 'sqs:ReceiveMessage']);
});

test('Letters are allowed by the tags of their queues: every dead-letter queue and the parking queue has them, and no queue of a consumer', () => {
  const template = synthesise(OUTSIDE);
  const kinds = template.resources('AWS::SQS::Queue').map(({ id, properties: { Tags = [] } }) => {
    const tags = Object.fromEntries(Tags.map(({ Key, Value }: Json) => [Key, Value]));
    expect(tags[QUEUE_TAGS.shop], id).toBe(tags[QUEUE_TAGS.kind] === undefined ? undefined : 'ShopMessaging');
    return [id.replace(/[0-9A-F]{8}$/, ''), tags[QUEUE_TAGS.kind]];
  });
  const untagged = kinds.filter(([, kind]) => kind === undefined).map(([id]) => id);
  expect(untagged).toHaveLength(Object.keys(routing).length + 2);
  expect(untagged).toContain('ArchiveQueue');
  for (const id of untagged) expect(id).toMatch(/^[A-Z][a-z]+Queue$/);
  const others = Object.fromEntries(kinds.filter(([, kind]) => kind !== 'dead-letters' && kind !== undefined));
  expect(others).toEqual({ ParkedLettersQueue: 'parked', PartnerCrmQueue: 'partner' });
});

/** What commands call that are a deployment's, which has a role of its own, or that only an engine has. */
const NOT_OF_OPERATORS = [
  'cloudformation:DescribeStackEvents',
  'dynamodb:DescribeContinuousBackups',
  'dynamodb:DescribeTable',
  'dynamodb:DescribeTimeToLive',
  'lambda:UpdateFunctionCode',
];

/** Code of the functions that commands bundle with what they use of it. */
const NEVER_CALLED = ['dynamodb:PutItem', 'dynamodb:TransactWrite'];

test('Together the two policies allow exactly what the commands call', () => {
  const template = templateOf(OUTSIDE);
  const allowed = (['Read', 'Repair'] as const).flatMap((kind) =>
    policyOf(template, kind, 'ShopMessaging').Statement.flatMap(actionsOf),
  );
  // `new` writes sources, and calls nothing.
  const files = globSync('*/*command*.ts', { cwd: ops, exclude: ['new/*'] });
  expect(files.length).toBeGreaterThan(20);
  const called = [...new Set(files.flatMap((file) => awsCallsOf(join(ops, file))))].sort();
  const anybody = ['sts:GetCallerIdentity'];
  const throughServices = ['kms:Decrypt', 'kms:GenerateDataKey'];
  expect([...new Set(allowed)].filter((action) => !throughServices.includes(action)).sort()).toEqual(
    called.filter((action) => ![...NOT_OF_OPERATORS, ...NEVER_CALLED, ...anybody].includes(action)),
  );
});
