import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { awsTarget, localTarget } from '../../ops/aws-target.ts';
import { toUserMessage } from '../../ops/errors.ts';
import { formatDuration, maskPhone, table } from '../../ops/format.ts';
import { pollUntil } from '../../ops/poll.ts';
import { fingerprint } from '../../ops/up/fingerprint.ts';

describe('The target of the commands', () => {
  const secret = { AWS_ACCESS_KEY_ID: 'AKIAREAL', AWS_SECRET_ACCESS_KEY: 'real' };

  test('is the endpoint in AWS_ENDPOINT_URL, without real credentials', async () => {
    const { local, config } = await awsTarget({}, { ...secret, AWS_ENDPOINT_URL: 'http://127.0.0.1:4567' });
    expect(local).toBe(true);
    expect(config).toEqual({
      endpoint: 'http://127.0.0.1:4567',
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
  });

  test('is AWS for --aws, whatever endpoint is set', async () => {
    const env = { ...secret, AWS_ENDPOINT_URL: 'http://127.0.0.1:4567', AWS_DEFAULT_REGION: 'eu-west-1' };
    expect(await awsTarget({ aws: true }, env)).toEqual({
      local: false,
      where: 'AWS (eu-west-1)',
      config: { region: 'eu-west-1' },
    });
    expect(env).not.toHaveProperty('AWS_ENDPOINT_URL');
  });

  test('is rejected with advice when the endpoint is not a URL', () => {
    expect(() => localTarget('foo')).toThrow('AWS_ENDPOINT_URL is "foo"');
  });
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
