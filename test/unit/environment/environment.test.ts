import { CloudFormationClient, ListStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { KMSClient, ListKeysCommand } from '@aws-sdk/client-kms';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  engineClientConfig,
  engineEnvironment,
  leavePersonalSettings,
  withoutProxy,
} from '../../../localstack/environment.ts';
import { hostileHome, hostileVariables } from '../../builders/hostile-environment.ts';
import { standInForAws } from '../../harness/aws-stand-in.ts';

const endpoint = 'http://127.0.0.1:4567';
const home = hostileHome();

describe('The environment of a process that talks to an engine', () => {
  const env = engineEnvironment(endpoint, { ...hostileVariables(home), PATH: '/bin', LANG: 'ko_KR.UTF-8', CI: 'true' });

  test('names the engine, its region and made-up credentials, and nothing else of AWS', () => {
    const ofAws = Object.entries(env).filter(([name]) => name.startsWith('AWS_'));
    expect(Object.fromEntries(ofAws)).toEqual({
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
    });
  });

  test.each([
    ['CDK_DEBUG'],
    ['SHOP_TARGET'],
    ['SHOP_STACK_NAME'],
    ['STACK_NAME'],
    ['DEBUG'],
    ['ENGINE'],
    ['PGSSLMODE'],
    ['PYTHONPATH'],
    ['npm_config_no_proxy'],
  ])('has no %s', (name) => {
    expect(hostileVariables(home)).toHaveProperty(name);
    expect(env).not.toHaveProperty(name);
  });

  test("has all that is none of this repository's business", () => {
    expect(env).toMatchObject({ PATH: '/bin', LANG: 'ko_KR.UTF-8', CI: 'true', HOME: home });
  });

  test('can become that of this process', () => {
    const own: NodeJS.ProcessEnv = { ...hostileVariables(home), PATH: '/bin' };
    leavePersonalSettings(own);
    expect(own).toMatchObject({ PATH: '/bin', AWS_CONFIG_FILE: '/dev/null' });
    expect(own).not.toHaveProperty('AWS_PROFILE');
    expect(own).not.toHaveProperty('DEBUG');
  });
});

describe('What goes past a proxy', () => {
  test.each([
    [{ no_proxy: 'corp.example' }, 'corp.example,127.0.0.1,localhost'],
    [{ NO_PROXY: 'corp.example 10.0.0.1' }, 'corp.example,10.0.0.1,127.0.0.1,localhost'],
    [{ no_proxy: 'a.example', NO_PROXY: 'b.example,localhost' }, 'a.example,b.example,localhost,127.0.0.1'],
    [{ no_proxy: '*' }, '*'],
    [{}, '127.0.0.1,localhost'],
  ])('is this machine too, under both names: %j', (env, list) => {
    expect(withoutProxy(env)).toEqual({ no_proxy: list, NO_PROXY: list });
  });

  test("is an engine's host", () => {
    expect(engineEnvironment('http://engine.example:4566', {}).no_proxy).toBe('127.0.0.1,localhost,engine.example');
  });
});

describe('The configuration of the SDK clients of an engine', () => {
  const beHostile = () => {
    for (const [name, value] of Object.entries(hostileVariables(home))) vi.stubEnv(name, value);
  };
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  test('takes nothing from the environment and the files of whoever runs it', async () => {
    const { requests } = standInForAws();
    beHostile();
    const config = engineClientConfig(endpoint);
    const calls = [
      new CloudFormationClient(config).send(new ListStacksCommand({})),
      new CloudWatchClient(config).send(new DescribeAlarmsCommand({})),
      new CloudWatchLogsClient(config).send(new DescribeLogGroupsCommand({})),
      new DynamoDBClient(config).send(new ListTablesCommand({})),
      new EventBridgeClient(config).send(new ListRulesCommand({})),
      new KMSClient(config).send(new ListKeysCommand({})),
      new LambdaClient(config).send(new ListFunctionsCommand({})),
      new S3Client(config).send(new ListBucketsCommand({})),
      new SNSClient(config).send(new ListTopicsCommand({})),
      new SQSClient(config).send(new ListQueuesCommand({})),
      new STSClient(config).send(new GetCallerIdentityCommand({})),
    ];
    await Promise.allSettled(calls);
    expect(requests.map(({ host, accessKeyId }) => ({ host, accessKeyId }))).toEqual(
      calls.map(() => ({ host: '127.0.0.1:4567', accessKeyId: 'test' })),
    );
  });

  test('has the retries of the SDK, however many the environment asks for', async () => {
    beHostile();
    const { config } = new SQSClient(engineClientConfig(endpoint));
    expect(await config.maxAttempts()).toBe(3);
    expect(await config.retryStrategy()).toMatchObject({ mode: 'standard' });
    expect(await config.region()).toBe('us-east-1');
  });
});
