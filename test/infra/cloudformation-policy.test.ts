import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cloudFormationPolicyTemplate, permittedTypes } from '../../infra/cloudformation-policy.ts';
import { OUTSIDE } from '../../infra/permissions-page.ts';
import { actionsOf } from '../builders/template.ts';
import { existing, templateOf, variants } from '../builders/variants.ts';

const FILE = 'infra/cloudformation-policy.json';
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const MAX_POLICY_CHARACTERS = 6_144;

// biome-ignore lint/suspicious/noExplicitAny: a template is JSON of many shapes
type Json = any;
const template: Json = cloudFormationPolicyTemplate();
const policies: Json[] = Object.values<Json>(template.Resources).map(({ Properties }) => Properties.PolicyDocument);
const statements: Json[] = policies.flatMap(({ Statement }) => Statement);

test(`${FILE} is as it is generated (\`npm run generate\` writes it)`, () => {
  expect(JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', FILE), 'utf8'))).toEqual(template);
});

const everything = { ...OUTSIDE, alarmEmail: 'operators@example.com', publisherAccounts: '111111111111' };
const deployed = Object.entries({ ...variants, existing, everything }).map(([name, settings]) => ({
  name,
  types: Object.values(templateOf(settings).Resources).map(({ Type }) => Type),
}));

test.each(deployed)('CloudFormation may deploy every resource type of the template: $name', ({ types }) => {
  expect(types.filter((type) => !permittedTypes.includes(type))).toEqual([]);
});

test('CloudFormation may deploy no type that no template has', () => {
  expect([...permittedTypes].sort()).toEqual([...new Set(deployed.flatMap(({ types }) => types))].sort());
});

test('Each policy fits into what IAM allows, with names as long as any', () => {
  const longest: Record<string, string> = {
    'AWS::Partition': 'aws-us-gov',
    'AWS::Region': 'ap-southeast-4',
    'AWS::AccountId': '111111111111',
    StackName: 'x'.repeat(24),
    ShopName: 'x'.repeat(40),
    BucketPrefix: 'x'.repeat(40),
    OrdersTopicArn: `arn:aws:sns:ap-southeast-4:111111111111:${'x'.repeat(100)}`,
    Qualifier: 'x'.repeat(10),
  };
  const resolve = (value: Json): Json => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(resolve);
    if ('Ref' in value) return longest[value.Ref];
    if ('Fn::If' in value) return resolve(value['Fn::If'][1]);
    if ('Fn::Join' in value) return value['Fn::Join'][1].map(resolve).join(value['Fn::Join'][0]);
    if ('Fn::Sub' in value)
      return value['Fn::Sub'].replace(/\$\{([\w:]+)\}/g, (_: string, name: string) => longest[name]);
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, resolve(one)]));
  };
  for (const policy of policies) {
    const text = JSON.stringify(resolve(policy));
    expect(text).not.toMatch(/undefined|\$\{/);
    expect(text.length).toBeLessThan(MAX_POLICY_CHARACTERS);
  }
  expect(policies.length).toBeLessThanOrEqual(10);
});

test('No action is a pattern, and none that writes data or gives a role more than its own is there', () => {
  const actions = statements.flatMap(actionsOf);
  expect(actions.filter((action) => action.includes('*'))).toEqual([]);
  const data =
    /:(ReceiveMessage|SendMessage|PutItem|DeleteItem|Scan|Query|Publish|PutEvents|DeleteObject|AttachRolePolicy)$/;
  expect(actions.filter((action) => data.test(action))).toEqual([]);
});

test('What may be done to every resource is what AWS scopes to none', () => {
  const open = statements.filter(({ Resource }) => [Resource].flat().includes('*')).flatMap(actionsOf);
  expect(open.sort()).toEqual([
    'cloudwatch:DescribeAlarms',
    'kms:CreateKey',
    'lambda:CreateEventSourceMapping',
    'logs:DescribeLogGroups',
    'logs:DescribeResourcePolicies',
    'secretsmanager:GetRandomPassword',
    'sns:GetSubscriptionAttributes',
    'sns:SetSubscriptionAttributes',
    'sns:Unsubscribe',
    'xray:DeleteResourcePolicy',
    'xray:ListResourcePolicies',
    'xray:PutResourcePolicy',
  ]);
});
