import { type GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { expect, test } from 'vitest';
import { secretReader } from '../../../lambdas/payment/secret-reader.ts';

const NAME = 'shop/stripe';

function secrets(answer: { SecretString?: string } | Error) {
  const asked: unknown[] = [];
  const client = new SecretsManagerClient({ region: 'us-east-1' });
  client.send = (async ({ input }: GetSecretValueCommand) => {
    asked.push(input);
    if (answer instanceof Error) throw answer;
    return answer;
  }) as never;
  return { asked, read: secretReader(NAME, client) };
}

test('A secret is read by its name, without the line break at its end', async () => {
  const { asked, read } = secrets({ SecretString: 'sk_test_1\n' });
  expect(await read()).toBe('sk_test_1');
  expect(asked).toEqual([{ SecretId: NAME }]);
});

test.each([
  ['is not there', Object.assign(new Error('Secrets Manager can’t find it'), { name: 'ResourceNotFoundException' })],
  ['is empty', { SecretString: '' }],
  ['is binary', {}],
])('A secret that %s is an outage', async (_, answer) => {
  await expect(secrets(answer).read()).rejects.toMatchObject({ name: 'UnavailableError' });
});
