import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readEngineRecord } from '../../localstack/engine.ts';
import { awsTarget, localTarget } from '../../ops/aws-target.ts';
import { toUserMessage } from '../../ops/errors.ts';
import { formatDuration, maskPhone, table } from '../../ops/format.ts';
import { pollUntil } from '../../ops/poll.ts';
import { fingerprint } from '../../ops/up/fingerprint.ts';

vi.mock('../../localstack/engine.ts', () => ({ readEngineRecord: vi.fn() }));
const record = vi.mocked(readEngineRecord);

describe('The target of the commands', () => {
  const real = { AWS_ACCESS_KEY_ID: 'AKIAREAL', AWS_SECRET_ACCESS_KEY: 'real', AWS_REGION: 'eu-west-1' };
  const engine = 'http://127.0.0.1:4567';
  const aws = { local: false, where: 'AWS (eu-west-1)', config: { region: 'eu-west-1' } };
  beforeEach(() => record.mockResolvedValue(undefined));

  test('is the endpoint in AWS_ENDPOINT_URL, without real credentials', async () => {
    const { local, config } = await awsTarget({}, { ...real, AWS_ENDPOINT_URL: engine });
    expect(local).toBe(true);
    expect(config).toMatchObject({
      endpoint: engine,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
  });

  test('is the engine that `npm start` started', async () => {
    record.mockResolvedValue({ name: 'ministack', endpoint: engine });
    expect(await awsTarget({}, { ...real })).toMatchObject({ local: true, where: engine });
  });

  test.each([
    ['without either', {}],
    ['with empty variables', { AWS_ENDPOINT_URL: '', SHOP_TARGET: '' }],
    ['with an endpoint for one service only', { AWS_ENDPOINT_URL_SQS: engine }],
  ])('is never AWS unasked: %s no engine runs here', async (_, env) => {
    await expect(awsTarget({}, { ...real, ...env })).rejects.toThrow(
      'No engine runs here: start it with `npm start`, or say --aws (SHOP_TARGET=aws) for AWS.',
    );
    await expect(awsTarget({ aws: false }, { ...real, ...env })).rejects.toThrow('No engine runs here');
  });

  test.each([
    ['--aws', { aws: true }, { AWS_ENDPOINT_URL: engine }],
    ['SHOP_TARGET=aws', {}, { SHOP_TARGET: 'aws' }],
    ['both', { aws: true }, { SHOP_TARGET: 'aws', AWS_ENDPOINT_URL: engine }],
  ])('is AWS for %s, whatever engine runs', async (_, choice, env) => {
    record.mockResolvedValue({ name: 'ministack', endpoint: engine });
    expect(await awsTarget(choice, { ...real, ...env })).toEqual(aws);
  });

  test('is refused where the environment names AWS and an engine', async () => {
    await expect(awsTarget({}, { ...real, SHOP_TARGET: 'aws', AWS_ENDPOINT_URL: engine })).rejects.toThrow(
      'SHOP_TARGET is aws, and AWS_ENDPOINT_URL names http://127.0.0.1:4567: unset one of them.',
    );
  });

  test('is refused for any other SHOP_TARGET, also beside --aws', async () => {
    const env = { SHOP_TARGET: 'prod', AWS_ENDPOINT_URL: engine };
    for (const choice of [{}, { aws: true }])
      await expect(awsTarget(choice, env)).rejects.toThrow('SHOP_TARGET is "prod": set it to aws for AWS, or unset it');
  });

  test.each(['foo', '/tmp/engine.sock', 'ftp://127.0.0.1:4566', 'http://'])(
    'is rejected with advice for the endpoint %s',
    (endpoint) => {
      expect(() => localTarget(endpoint)).toThrow(`AWS_ENDPOINT_URL is "${endpoint}", which is not a URL`);
    },
  );

  test.each([
    'https://sqs.us-east-1.amazonaws.com',
    'https://SQS.us-east-1.AMAZONAWS.COM.:443/',
    'https://sns.cn-north-1.amazonaws.com.cn',
    'https://vpce-0a1b-2c.sqs.us-east-1.vpce.amazonaws.com',
    'https://sqs.eu-west-1.api.aws',
    'https://sqs.eusc-de-east-1.amazonaws.eu',
  ])('is no engine at %s', async (endpoint) => {
    await expect(awsTarget({}, { AWS_ENDPOINT_URL: endpoint })).rejects.toThrow('which is AWS and no engine');
  });

  test.each(['http://localstack:4566', 'http://localhost.localstack.cloud:4566', 'http://[::1]:4566'])(
    'may be the engine %s',
    (endpoint) => {
      expect(localTarget(endpoint).where).toBe(endpoint);
    },
  );
});

describe('Formatting', () => {
  test.each([
    ['+821012345678', '+82…5678'],
    ['+1234567', '+12…67'],
  ])('masks %s', (phone, shown) => {
    expect(maskPhone(phone)).toBe(shown);
  });

  test.each([
    [84.4, '84 ms'],
    [1_240, '1.2 s'],
    [1_200_000, '20 min'],
    [undefined, '–'],
    [Number.NaN, '–'],
  ])('shows %s milliseconds as %s', (milliseconds, shown) => {
    expect(formatDuration(milliseconds)).toBe(shown);
  });

  test('prints a table without colours, with numbers right-aligned', () => {
    expect(
      table(
        ['sku', 'sold'],
        [
          ['KB-01', 7],
          ['MS-02', 1_234],
        ],
      ).split('\n'),
    ).toEqual(['sku    sold', 'KB-01     7', 'MS-02  1234']);
  });

  test('describes the loss of the engine in one sentence', () => {
    expect(toUserMessage(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }))).toContain('npm start');
    expect(toUserMessage(undefined)).toContain('without a reason');
  });
});

describe('The fingerprint of a deployment', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'fingerprint-'));
    await mkdir(join(root, 'infra', 'constructs'), { recursive: true });
    await writeFile(join(root, 'infra', 'constructs', 'a.ts'), 'a');
    await writeFile(join(root, 'cdk.json'), '{}');
  });
  afterEach(() => rm(root, { recursive: true }));

  test('changes with any content and any name, and with nothing else', async () => {
    const digest = () => fingerprint(root, ['infra', 'cdk.json']);
    const before = await digest();
    expect(await digest()).toBe(before);
    await writeFile(join(root, 'infra', 'constructs', 'a.ts'), 'b');
    const changed = await digest();
    expect(changed).not.toBe(before);
    await writeFile(join(root, 'infra', 'b.ts'), '');
    expect(await digest()).not.toBe(changed);
  });
});

describe('Polling', () => {
  test('ends with the first result that is accepted', async () => {
    let polls = 0;
    const result = await pollUntil(
      async () => ++polls,
      (count) => count === 3,
      { deadline: Date.now() + 5_000, intervalMs: 1 },
    );
    expect(result).toBe(3);
  });

  test('returns the last result when the deadline has passed', async () => {
    expect(
      await pollUntil(
        async () => 'bad',
        (result) => result === 'good',
        { deadline: 0 },
      ),
    ).toBe('bad');
  });

  test('throws at once when its signal is aborted', async () => {
    const signal = AbortSignal.abort(new Error('stop'));
    await expect(
      pollUntil(
        async () => 1,
        () => false,
        { deadline: Date.now() + 9_000, signal },
      ),
    ).rejects.toThrow('stop');
  });
});
