import { afterEach, expect, test, vi } from 'vitest';
import { upCommand } from '../../ops/up/command.ts';

afterEach(() => vi.unstubAllEnvs());

const run = (...args: string[]) => upCommand().parseAsync(args, { from: 'user' });

test('`up` is refused for AWS, where a shop is deployed', async () => {
  const refusal = 'a shop on AWS is deployed with `npm run deploy -- <stage>`';
  await expect(run('--watch', '--aws')).rejects.toThrow(refusal);
  await expect(run('--aws')).rejects.toThrow(refusal);
  vi.stubEnv('AWS_ENDPOINT_URL', '');
  vi.stubEnv('SHOP_TARGET', 'aws');
  await expect(run('--watch')).rejects.toThrow(refusal);
});

test('`up --watch` prints no document', async () => {
  await expect(run('--watch', '--json')).rejects.toThrow('does not go with --watch');
});
