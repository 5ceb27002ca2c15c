import { type GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { expect, test } from 'vitest';
import { secretReader } from '../../../lambdas/payment/secret-reader.ts';

const NAME = 'shop/stripe';

function secrets(answer: { SecretString?: string } | Error) {
  const requests: unknown[] = [];
  const client = new SecretsManagerClient({ region: 'us-east-1' });
  client.send = (async ({ input }: GetSecretValueCommand) => {
    requests.push(input);
    if (answer instanceof Error) throw answer;
    return answer;
  }) as never;
  return { requests, read: secretReader(NAME, client) };
}

test('secretReader reads a secret by name and removes the trailing line break', async () => {
  const { requests, read } = secrets({ SecretString: 'sk_test_1\n' });
  expect(await read()).toBe('sk_test_1');
  expect(requests).toEqual([{ SecretId: NAME }]);
});

test.each([
  ['does not exist', Object.assign(new Error('Secrets Manager can’t find it'), { name: 'ResourceNotFoundException' })],
  ['is empty', { SecretString: '' }],
  ['is binary', {}],
])('secretReader throws UnavailableError for a secret that %s', async (_, answer) => {
  await expect(secrets(answer).read()).rejects.toMatchObject({ name: 'UnavailableError' });
});
