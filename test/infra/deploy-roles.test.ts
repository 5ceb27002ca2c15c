import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { PROBE_SOURCE } from '../../lambdas/runtime/probe.ts';
import { readTemplate } from '../builders/cloudformation-yaml.ts';
import { awsCallsOf } from '../builders/command-actions.ts';
import { INSTALL_TIMEOUT, pythonTool } from '../builders/python-tools.ts';

const root = join(import.meta.dirname, '..', '..');
const FILE = '.github/deploy-roles.yaml';
const text = readFileSync(join(root, FILE), 'utf8');
const { template, resolve } = readTemplate(text);

const PSEUDO = { 'AWS::Partition': 'aws', 'AWS::Region': 'eu-central-1', 'AWS::AccountId': '111111111111' };
const NAMES_ONLY = { ...PSEUDO, Repository: 'octocat/my-repo' };
const WITH_IDS = { ...NAMES_ONLY, OwnerId: '123456', RepositoryId: '456789' };

type Claims = { sub: string; aud?: string; repository_id?: string };
type Statement = { Effect: string; Action: string | string[]; Resource: string | string[]; Condition?: object };
type Role = 'Diff' | 'Deploy';

/** Whether a role can be assumed with a token of GitHub, as IAM decides it for the one operator that the trust uses. */
function isTrusted(role: Role, parameters: Record<string, string>, claims: Claims): boolean {
  const token: Record<string, string> = { aud: 'sts.amazonaws.com', ...claims };
  const { Statement } = resolve(parameters)[role].Properties.AssumeRolePolicyDocument;
  return Statement.some(({ Effect, Action, Condition }: { Effect: string; Action: string; Condition: object }) => {
    expect([Effect, Action, Object.keys(Condition)]).toEqual([
      'Allow',
      'sts:AssumeRoleWithWebIdentity',
      ['StringEquals'],
    ]);
    const [conditions = {}] = Object.values(Condition);
    return Object.entries<string | string[]>(conditions).every(([key, values]) =>
      [values].flat().includes(token[key.replace('token.actions.githubusercontent.com:', '')] ?? ''),
    );
  });
}

const statementsOf = (role: Role, parameters: Record<string, string> = NAMES_ONLY): Statement[] =>
  resolve(parameters)[role].Properties.Policies.flatMap(
    ({ PolicyDocument }: { PolicyDocument: { Statement: Statement[] } }) => PolicyDocument.Statement,
  );

describe.each([
  ['Diff', 'review'],
  ['Deploy', 'production'],
] as const)('The role %s', (role, environment) => {
  const names = `repo:octocat/my-repo:environment:${environment}`;
  const ids = `repo:octocat@123456/my-repo@456789:environment:${environment}`;

  test('trusts its environment of the repository, whose subject has names', () => {
    expect(isTrusted(role, NAMES_ONLY, { sub: names, repository_id: '456789' })).toBe(true);
  });

  test('trusts its environment of the repository, whose subject has ids', () => {
    expect(isTrusted(role, WITH_IDS, { sub: ids, repository_id: '456789' })).toBe(true);
  });

  test('needs no other claim for a subject with ids, which not every partition of AWS compares', () => {
    expect(isTrusted(role, WITH_IDS, { sub: ids })).toBe(true);
  });

  test('trusts an old subject of the repository with these ids', () => {
    expect(isTrusted(role, WITH_IDS, { sub: names, repository_id: '456789' })).toBe(true);
  });

  test.each([
    ['one that took over the name', names, '999999'],
    ['one that took over the name, where the id is not said', names, undefined],
    ['another owner under the name', ids.replace('@123456', '@999999'), '456789'],
    ['another repository under the name', ids.replace('@456789', '@999999'), '999999'],
    ['one with another name', ids.replace('my-repo', 'my-repo2'), '456789'],
  ])('does not trust another repository: %s', (_, sub, repository_id) => {
    const claims = repository_id === undefined ? { sub } : { sub, repository_id };
    expect(isTrusted(role, WITH_IDS, claims)).toBe(false);
  });

  test.each([
    `repo:octocat/my-repo:environment:${environment}2`,
    `repo:octocat/my-repo:environment:${environment === 'review' ? 'production' : 'review'}`,
    'repo:octocat/my-repo:pull_request',
    'repo:octocat/my-repo:ref:refs/heads/main',
    `repo:octocat/my-repo2:environment:${environment}`,
    `repo:octocat@123456/my-repo@456789:environment:${environment}`,
  ])('does not trust, where no ids are given, %s', (sub) => {
    expect(isTrusted(role, NAMES_ONLY, { sub, repository_id: '456789' })).toBe(false);
  });

  test('does not trust a token for another service', () => {
    expect(isTrusted(role, NAMES_ONLY, { sub: names, aud: 'https://github.com/octocat' })).toBe(false);
  });

  test('names what it may touch, in any partition', () => {
    for (const { Action, Resource } of statementsOf(role)) {
      expect([Action].flat().join()).not.toContain('*');
      if (![Action].flat().every((action) => UNSCOPED.includes(action))) expect([Resource].flat()).not.toContain('*');
    }
  });
});

/**
 * What AWS scopes to no resource (https://docs.aws.amazon.com/service-authorization/latest/reference/), and alarms, of which several are
 * described at once.
 */
const UNSCOPED = [
  'cloudwatch:DescribeAlarms',
  'events:ListRuleNamesByTarget',
  'events:ListRules',
  'lambda:ListEventSourceMappings',
  'sns:GetSubscriptionAttributes',
];

test('The role Diff reads the template of one stack, and nothing else', () => {
  expect(statementsOf('Diff')).toEqual([
    {
      Effect: 'Allow',
      Action: ['cloudformation:DescribeStacks', 'cloudformation:GetTemplate'],
      Resource: 'arn:aws:cloudformation:eu-central-1:111111111111:stack/ShopMessaging-prod/*',
    },
  ]);
});

describe('The role Deploy', () => {
  const statements = statementsOf('Deploy', { ...NAMES_ONLY, StackName: 'Second-prod' });
  const actionsOn = (isMeant: (resource: string) => boolean) =>
    statements.flatMap(({ Action, Resource }) => ([Resource].flat().some(isMeant) ? [Action].flat() : []));
  const OWN = /^arn:aws:[a-z]+:eu-central-1:111111111111:(?:[a-z-]+[/:])?Second-prod(?:$|[-/])/;

  const commands = ['deploy', 'verify'].map((name) => `ops/${name}/command.ts`);
  test('may make each call of `npm run deploy` and `ops verify`, and no other', () => {
    const called = new Set(commands.flatMap((file) => awsCallsOf(join(root, file))));
    // What CDK does, and what AWS does with a key on behalf of these calls.
    const others = ['sts:AssumeRole', 'kms:Decrypt', 'kms:GenerateDataKey'];
    expect([...new Set(actionsOn(() => true))].sort()).toEqual([...called, ...others].sort());
  });

  test('touches no other stack, but for the roles of CDK, keys, and to see where it is and whether CDK is there', () => {
    const others = statements.flatMap(({ Resource }) => [Resource].flat()).filter((one) => !OWN.test(one));
    expect([...new Set(others)].sort()).toEqual([
      '*',
      'arn:aws:cloudformation:eu-central-1:111111111111:stack/CDKToolkit/*',
      'arn:aws:events:eu-central-1:111111111111:event-bus/default',
      'arn:aws:iam::111111111111:role/cdk-hnb659fds-deploy-role-111111111111-eu-central-1',
      'arn:aws:iam::111111111111:role/cdk-hnb659fds-file-publishing-role-111111111111-eu-central-1',
      'arn:aws:kms:eu-central-1:111111111111:key/*',
      'arn:aws:lambda:eu-central-1:111111111111:event-source-mapping:*',
    ]);
  });

  test('disables mappings of the functions of its stack only, for what is paused', () => {
    const updating = statements.filter(({ Action }) => [Action].flat().includes('lambda:UpdateEventSourceMapping'));
    expect(updating.map(({ Condition }) => Condition)).toEqual([
      { ArnLike: { 'lambda:FunctionArn': 'arn:aws:lambda:eu-central-1:111111111111:function:Second-prod-*' } },
    ]);
  });

  test('sends probes to an orders topic of somebody else, where the stage has one', () => {
    const topic = 'arn:aws:sns:eu-central-1:222222222222:Orders';
    const given = statementsOf('Deploy', { ...NAMES_ONLY, OrdersTopicArn: topic });
    const allowed = given.filter(({ Resource }) => [Resource].flat().includes(topic));
    expect(allowed.map(({ Action }) => Action)).toEqual([expect.arrayContaining(['sns:Publish'])]);
    expect(JSON.stringify(given.map(({ Condition }) => Condition))).toContain(`"${topic}"`);
  });

  test('changes nothing but messages and pauses by itself: CloudFormation does, through a role of CDK', () => {
    const writing = actionsOn(() => true).filter((action) => !/:(?:Describe|Get|List|Filter)/.test(action));
    expect([...new Set(writing)].sort()).toEqual([
      'events:PutEvents',
      'kms:Decrypt',
      'kms:GenerateDataKey',
      'lambda:UpdateEventSourceMapping',
      'sns:Publish',
      'sqs:ChangeMessageVisibility',
      'sqs:DeleteMessage',
      'sqs:ReceiveMessage',
      'sqs:TagQueue',
      'sqs:UntagQueue',
      'sts:AssumeRole',
    ]);
  });

  test('puts nothing on the bus but probes', () => {
    const putting = statements.filter(({ Action }) => [Action].flat().includes('events:PutEvents'));
    expect(putting.map(({ Condition }) => Condition)).toEqual([
      { 'ForAllValues:StringEquals': { 'events:source': PROBE_SOURCE }, Null: { 'events:source': 'false' } },
    ]);
  });

  test("uses a key only for the stack's queues and topics", () => {
    const conditions = statements
      .filter(({ Action }) => [Action].flat().includes('kms:Decrypt'))
      .map(({ Condition }) => JSON.stringify(Condition));
    expect(conditions).toHaveLength(2);
    for (const condition of conditions.map((one) => one?.replaceAll(/[[\]]/g, ''))) {
      expect(condition).toMatch(/"kms:ViaService":"(sqs|sns)\.eu-central-1\.amazonaws\.com\*"/);
      expect(condition).toMatch(
        /"kms:EncryptionContext:[^"]+":"arn:aws:(sqs|sns):eu-central-1:111111111111:Second-prod-\*"/,
      );
    }
  });
});

test('An id is given with the other, or not at all', () => {
  expect(() => resolve({ ...NAMES_ONLY, OwnerId: '1' })).toThrow(
    'OwnerId and RepositoryId are given together, or neither',
  );
  expect(() => resolve({ ...NAMES_ONLY, RepositoryId: '1' })).toThrow('given together');
});

test.each([
  ['Repository', 'owner/*'],
  ['OwnerId', '*'],
  ['RepositoryId', '4?'],
  ['Environment', '*'],
  ['ReviewEnvironment', 'a:b'],
  ['StackName', '*'],
  ['OrdersTopicArn', 'arn:aws:sns:eu-central-1:222222222222:*'],
])('The parameter %s cannot be a pattern such as %s', (name, value) => {
  expect(value).not.toMatch(new RegExp(`^(?:${template.Parameters[name].AllowedPattern})$`));
});

test('No partition of AWS is written into the template', () => {
  expect(text).not.toMatch(/arn:aws\b/);
});

describe('cfn-lint', () => {
  let cfnLint: Awaited<ReturnType<typeof pythonTool>>;
  beforeAll(async () => {
    cfnLint = await pythonTool('cfn-lint');
  }, INSTALL_TIMEOUT);

  test(`finds nothing in ${FILE}`, { timeout: 120_000 }, async ({ skip }) => {
    if ('missing' in cfnLint) return skip(cfnLint.missing);
    expect(await cfnLint.tool(['--include-checks', 'I', '--', FILE], { cwd: root })).toMatchObject({
      exitCode: 0,
      stdout: '',
    });
  });
});
