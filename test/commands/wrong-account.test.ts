import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, ListStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readEngineRecord } from '../../localstack/engine.ts';
import { awsTarget } from '../../ops/aws-target.ts';
import { program } from '../../ops/main.ts';
import { reportFatalError } from '../../ops/output.ts';
import { placed } from '../builders/events.ts';
import { type Answer, standInForAws } from '../harness/aws-stand-in.ts';

vi.mock('../../localstack/engine.ts', async (importOriginal) => ({
  ...(await importOriginal<object>()),
  readEngineRecord: vi.fn(),
}));

const folder = mkdtempSync(join(tmpdir(), 'wrong-account-'));
const file = (name: string, content: string) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

/** Every command that changes a shop, with arguments that it takes. */
const CHANGES = {
  place: '--phone +821012345678',
  cancel: 'o-1001',
  'stock set': 'KB-01 100',
  'stock receive': 'KB-01 40',
  'stock import': file('delivery.csv', 'KB-01,40\n'),
  'dlq redrive': '--all',
  'dlq discard': '--all',
  'dlq park': '--all --owner ana',
  replay: '--to stock --from 2h',
  'alarm test': 'payment-dead-letters',
  'sandbox payment down': '',
  'sandbox payment up': '',
  'sandbox payment forget-keys': '',
  load: '--rate 10 --count 10 --phone +821012345678',
  demo: '--phone +821012345678',
} as const;
const changes = Object.entries(CHANGES);

/** Those that read more of the shop before they ask; their own tests show what they ask. */
const CHANGES_AFTER_READING = {
  audit: '--repair',
  'dlq unpark': '--all',
  forget: 'o-1001',
  pause: 'payment --reason outage',
  refund: 'o-1001 5000',
  resume: 'payment',
  'webhooks test': 'erp',
  'webhooks enable': 'erp',
  'webhooks replay': 'erp --from 2h',
} as const;

/** Those that change nothing, or only what is on this machine; a drill is never on AWS. */
const OTHERS = [
  ...[
    'status',
    'metrics',
    'console',
    'stock show',
    'trace',
    'logs',
    'dlq list',
    'dlq show',
    'explain',
    'verify',
    'alarm list',
    'webhooks list',
  ],
  ...['sandbox payment records', 'check', 'estimate', 'new consumer', 'new event', 'up', 'down', 'drill'],
];

/** The calls that change nothing; SQS shows dead letters to whoever receives them, and they are released again. */
const READS = [
  ...['DescribeStacks', 'GetTemplate', 'GetQueueAttributes', 'ListQueueTags'],
  ...['ReceiveMessage', 'ChangeMessageVisibilityBatch'],
];

const outputs = {
  OrdersTopicArn: 'arn:aws:sns:eu-west-1:111122223333:Orders',
  SandboxGatewayTableName: 'Sandbox',
  StockQueueUrl: 'https://sqs.eu-west-1.amazonaws.com/111122223333/Stock',
  StockDeadLetterQueueUrl: 'https://sqs.eu-west-1.amazonaws.com/111122223333/StockDead',
  ParkedLettersQueueUrl: 'https://sqs.eu-west-1.amazonaws.com/111122223333/Parked',
  ParkedDays: '90',
};
const stackOf = (Outputs: object) => `<Stacks><member><StackName>ShopMessaging</StackName>
  <StackId>arn:aws:cloudformation:eu-west-1:111122223333:stack/ShopMessaging/1</StackId>
  <StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>2026-11-21T09:00:00Z</CreationTime>
  <Outputs>${Object.entries(Outputs)
    .map(([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`)
    .join('')}</Outputs></member></Stacks>`;
const letter = JSON.stringify(placed());
const md5 = createHash('md5').update(letter).digest('hex');

/** Answers reads as a shop of the stage prod does, in which stock has one dead letter. */
function shopAnswers(Outputs: object = outputs): Record<string, Answer> {
  let left = 1;
  const Messages = [{ MessageId: 'm-1', Body: letter, MD5OfBody: md5, ReceiptHandle: 'r-1' }];
  return {
    DescribeStacks: stackOf(Outputs),
    GetTemplate: `<TemplateBody>{"Metadata":{"Settings":{"stage":"prod"}},"Resources":{}}</TemplateBody>`,
    GetQueueAttributes: () => ({ Attributes: { ApproximateNumberOfMessages: `${left}` } }),
    ListQueueTags: {},
    ReceiveMessage: () => (left-- > 0 ? { Messages } : {}),
    ChangeMessageVisibilityBatch: { Successful: [{ Id: '0' }] },
  };
}

const leaves = (command: Command, path: readonly string[] = []): [path: string, command: Command][] =>
  command.commands.flatMap((one) => {
    const names = [...path, one.name()];
    return one.commands.length > 0 ? leaves(one, names) : [[names.join(' '), one] as [string, Command]];
  });

/** Runs a command in this process and returns its exit code and what it printed on standard error. */
async function run(line: string): Promise<{ code: number; said: string }> {
  const said: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  vi.spyOn(console, 'error').mockImplementation((text) => said.push(`${text}\n`));
  await program.parseAsync(line.split(' ').filter(Boolean), { from: 'user' }).catch(reportFatalError);
  const code = Number(process.exitCode ?? 0);
  process.exitCode = undefined;
  return { code, said: said.join('') };
}

beforeEach(() => {
  vi.mocked(readEngineRecord).mockResolvedValue(undefined);
  const real = { AWS_ACCESS_KEY_ID: 'AKIAREAL', AWS_SECRET_ACCESS_KEY: 'real', AWS_REGION: 'eu-west-1' };
  const none = { AWS_ENDPOINT_URL: '', SHOP_TARGET: '', AWS_PROFILE: '', AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: '' };
  for (const [name, value] of Object.entries({ ...real, ...none })) vi.stubEnv(name, value || undefined);
  Object.defineProperty(process.stdin, 'isTTY', { value: false, configurable: true });
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

test('Every command is known as one that changes a shop, or as one that does not', () => {
  const changing = ['deploy', ...Object.keys(CHANGES), ...Object.keys(CHANGES_AFTER_READING)];
  for (const [path, command] of leaves(program)) {
    const asks = command.options.some(({ long }) => long === '--yes');
    expect({ path, asks }).toEqual({ path, asks: changing.includes(path) });
    expect([...changing, ...OTHERS]).toContain(path);
  }
});

describe('With the credentials of an account, and no engine', () => {
  // `demo` starts an engine where none runs.
  const paths = leaves(program).map(([path]) => path);
  const lines = [...changes, ...Object.entries(CHANGES_AFTER_READING), ['drill', ''] as const].filter(
    ([path]) => path !== 'demo' && paths.includes(path),
  );

  test.each(lines)('ops %s sends nothing', async (path, args) => {
    const { requests } = standInForAws(shopAnswers());
    for (const yes of path === 'drill' ? [''] : ['', '--yes']) {
      expect(await run(`${path} ${args} ${yes}`)).toEqual({
        code: 1,
        said: expect.stringMatching(/^No engine runs here: start it/),
      });
    }
    expect(requests).toEqual([]);
  });
});

describe('On AWS, without a terminal and without --yes', () => {
  test.each(changes)('ops %s names account, region, stage and stack, and changes nothing', async (path, args) => {
    const { requests } = standInForAws(shopAnswers());
    const { code, said } = await run(`${path} ${args} --aws`);
    expect(said).toMatch(/^AWS account 111122223333, eu-west-1, stage prod, stack ShopMessaging: .*\?/m);
    expect(said).toMatch(/There is no terminal to ask: say so with --yes\.\n$/);
    expect(code).toBe(1);
    const actions = requests.map(({ action }) => action);
    expect(actions.filter((action) => !READS.includes(action))).toEqual([]);
    expect(actions).toContain('DescribeStacks');
  });

  test('a deployment names account, region and stage, and deploys nothing', async () => {
    const artifacts = {
      ShopMessaging: { type: 'aws:cloudformation:stack', properties: { templateFile: 'next.json' } },
    };
    file('manifest.json', JSON.stringify({ artifacts }));
    file('next.json', JSON.stringify({ Metadata: { Settings: { stage: 'prod' } }, Resources: {} }));
    const { requests } = standInForAws(shopAnswers());
    const { code, said } = await run(`deploy prod --app ${folder}`);
    expect(said).toContain(
      'Deploy ShopMessaging, stage prod, to AWS account 111122223333, eu-west-1? There is no terminal to ask',
    );
    expect(code).toBe(1);
    expect(requests.map(({ action }) => action).filter((action) => !READS.includes(action))).toEqual([]);
  });

  test('SHOP_TARGET=aws is as good as --aws', async () => {
    vi.stubEnv('SHOP_TARGET', 'aws');
    standInForAws(shopAnswers());
    expect((await run('cancel o-1001')).said).toMatch(/^AWS account 111122223333, .*: Cancel the order o-1001\?/);
  });
});

test('With --yes a change is made on AWS after it was named', async () => {
  const { requests } = standInForAws({ ...shopAnswers(), PublishBatch: '<Successful/><Failed/>' });
  const { code, said } = await run('cancel o-1001 --wait 0 --aws --yes');
  expect(said).toContain('AWS account 111122223333, eu-west-1, stage prod, stack ShopMessaging: Cancel the order');
  expect(code).toBe(0);
  expect(requests.map(({ action }) => action)).toEqual(['DescribeStacks', 'GetTemplate', 'PublishBatch']);
});

describe('With a real payment gateway deployed', () => {
  const { SandboxGatewayTableName: _, ...stripe } = outputs;
  const lines = Object.entries(CHANGES).filter(([path]) => /^(place|load|sandbox)/.test(path));

  test.each(lines)('ops %s sends nothing, neither to AWS nor to an engine', async (path, args) => {
    for (const aws of [true, false]) {
      vi.stubEnv('AWS_ENDPOINT_URL', aws ? undefined : 'http://127.0.0.1:9');
      const { requests } = standInForAws(shopAnswers(stripe));
      const { code, said } = await run(`${path} ${args} --yes${aws ? ' --aws' : ''}`);
      expect(said).toContain('charges through a real payment gateway');
      expect(code).toBe(1);
      expect(requests.map(({ action }) => action)).toEqual(['DescribeStacks']);
      vi.restoreAllMocks();
    }
  });

  test('a drill sends nothing, and on AWS not even with the sandbox', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:9');
    const engine = standInForAws(shopAnswers(stripe));
    expect((await run('drill')).said).toContain('a drill is for the sandbox only: nothing was sent.');
    expect(engine.requests.map(({ action }) => action)).toEqual(['DescribeStacks']);
    const aws = standInForAws(shopAnswers());
    expect((await run('drill --aws')).said).toContain('so it is for an engine on this machine only');
    expect(aws.requests.map(({ action }) => action)).toEqual(['DescribeStacks']);
  });

  test('the demonstration sends nothing', async () => {
    const { requests } = standInForAws(shopAnswers(stripe));
    expect((await run('demo --aws --yes --phone +821012345678')).said).toContain(
      'the demonstration is for the sandbox',
    );
    expect(requests.map(({ action }) => action)).toEqual(['DescribeStacks']);
  });
});

describe('An endpoint_url of the config file or of one service', () => {
  const engine = 'http://127.0.0.1:4567';
  const other = 'http://127.0.0.1:9999';
  const services = ['sqs', 'sns', 'dynamodb', 'cloudformation', 'cloudwatch', 's3', 'eventbridge', 'sts'];
  const config = file(
    'config',
    ['[default]', `endpoint_url = ${other}`, 'services = local', '[services local]']
      .concat(services.flatMap((name) => [`${name} =`, `  endpoint_url = ${other}`]))
      .join('\n'),
  );
  beforeEach(() => {
    vi.stubEnv('AWS_CONFIG_FILE', config);
    for (const name of services) vi.stubEnv(`AWS_ENDPOINT_URL_${name.toUpperCase()}`, other);
  });

  async function callAll(choice: { aws?: boolean }) {
    const { config: options } = await awsTarget(choice);
    const { requests } = standInForAws();
    const calls = [
      new SQSClient(options).send(new ListQueuesCommand({})),
      new SNSClient(options).send(new ListTopicsCommand({})),
      new DynamoDBClient(options).send(new ListTablesCommand({})),
      new CloudFormationClient(options).send(new ListStacksCommand({})),
      new CloudWatchClient(options).send(new DescribeAlarmsCommand({})),
      new EventBridgeClient(options).send(new ListRulesCommand({})),
      new S3Client(options).send(new ListBucketsCommand({})),
    ];
    await Promise.allSettled(calls);
    expect(requests).toHaveLength(calls.length);
    return requests;
  }

  test('does not make a local address pass for AWS', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL', engine);
    const requests = await callAll({ aws: true });
    expect(requests.map(({ host }) => host.endsWith('.eu-west-1.amazonaws.com'))).toEqual(requests.map(() => true));
    expect(new Set(requests.map(({ accessKeyId }) => accessKeyId))).toEqual(new Set(['AKIAREAL']));
  });

  test('does not lead a command for an engine elsewhere, and real credentials never go there', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL', engine);
    const requests = await callAll({});
    expect(new Set(requests.map(({ host }) => host))).toEqual(new Set(['127.0.0.1:4567']));
    expect(new Set(requests.map(({ accessKeyId }) => accessKeyId))).toEqual(new Set(['test']));
  });
});
