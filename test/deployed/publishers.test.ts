import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ulid } from 'ulid';
import { expect, inject, test } from 'vitest';
import { installed } from '../../localstack/launch.ts';
import { chargesOf, decided, output, stockUp } from './shop.ts';

const run = promisify(execFile);
const examples = join(import.meta.dirname, '..', '..', 'examples');

/** Nothing but what an existing service has: an address, a region and credentials. */
const env = {
  ...process.env,
  AWS_ENDPOINT_URL: inject('endpoint'),
  AWS_REGION: 'us-east-1',
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
};

const publishers = {
  TypeScript: async () => [process.execPath, join(examples, 'publish.ts')] as const,
  // LocalStack's Python has boto3, so it is there wherever this suite runs on LocalStack.
  Python: async () => [await installed('localstack', () => {}), join(examples, 'publish.py')] as const,
};

for (const [language, publisher] of Object.entries(publishers)) {
  const here = language === 'TypeScript' || inject('engine') === 'localstack';
  const why = here ? '' : ' (boto3 comes with LocalStack: tested there)';
  test.skipIf(!here)(`the README's publisher in ${language} gets its order confirmed${why}`, async () => {
    const orderId = `t-${ulid()}`;
    await stockUp('KB-01', 10);
    const [command, script] = await publisher();
    const { stdout } = await run(command, [script, output('OrdersTopicArn'), orderId], { env });
    expect(stdout).toContain(`published ${orderId}`);
    expect(await decided(orderId)).toMatchObject({ status: 'CONFIRMED' });
    expect(await chargesOf(orderId)).toEqual(['capture 12000 KRW']);
  });
}
