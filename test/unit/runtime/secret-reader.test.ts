import { type GetSecretValueCommand, ResourceNotFoundException } from '@aws-sdk/client-secrets-manager';
import { describe, expect, test } from 'vitest';
import { rotatingKeysReader, secretReader } from '../../../lambdas/runtime/secret-reader.ts';

const NAME = 'shop/stripe';

type Version = { SecretString?: string; CreatedDate?: Date } | Error;

/** A secret with versions by stage; counts the requests. */
function secret(versions: { current: Version; previous?: Version }) {
  const requests: unknown[] = [];
  const send = async ({ input }: GetSecretValueCommand) => {
    requests.push(input);
    const missing = new ResourceNotFoundException({ message: 'no such version', $metadata: {} });
    const answer = input.VersionStage === 'AWSPREVIOUS' ? (versions.previous ?? missing) : versions.current;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { requests, versions, client: { send: send as never } };
}

const readText = (current: Version) => {
  const { requests, client } = secret({ current });
  return { requests, read: secretReader("The payment gateway's key", NAME, client) };
};

test('secretReader reads a secret by name and removes the trailing line break', async () => {
  const { requests, read } = readText({ SecretString: 'sk_test_1\n' });
  expect(await read()).toBe('sk_test_1');
  expect(requests).toEqual([{ SecretId: NAME }]);
});

test.each([
  ['does not exist', Object.assign(new Error('Secrets Manager can’t find it'), { name: 'ResourceNotFoundException' })],
  ['is empty', { SecretString: '' }],
  ['is binary', {}],
])('secretReader throws UnavailableError for a secret that %s', async (_, answer) => {
  await expect(readText(answer).read()).rejects.toMatchObject({
    name: 'UnavailableError',
    message: expect.stringMatching(/^The payment gateway's key could not be read: /),
  });
});

describe('The keys of a secret', () => {
  const NOW = Date.parse('2026-11-27T12:00:00Z');
  const HOUR = 3_600_000;
  const rotatedHoursAgo = (hours: number) => new Date(NOW - hours * HOUR);

  function keysOf(versions: Parameters<typeof secret>[0]) {
    const given = secret(versions);
    const clock = { now: NOW };
    const read = rotatingKeysReader('The key', NAME, given.client, () => clock.now);
    return { ...given, clock, read };
  }

  test('are all that it lists, in any white space, and without a rotation no version before it is asked for', async () => {
    const { read, requests } = keysOf({ current: { SecretString: ' a\n b\tc ', CreatedDate: rotatedHoursAgo(24) } });
    expect(await read()).toEqual(['a', 'b', 'c']);
    expect(requests).toEqual([{ SecretId: NAME }]);
  });

  test('are also those of the version before, once each, until a day after the rotation', async () => {
    const current = { SecretString: 'new shared', CreatedDate: rotatedHoursAgo(23.95) };
    const { read, clock } = keysOf({ current, previous: { SecretString: 'shared old' } });
    expect(await read()).toEqual(['new', 'shared', 'old']);
    clock.now += 300_000;
    expect(await read()).toEqual(['new', 'shared']);
  });

  test.each([
    ['there is no version before it, as on its first day', undefined],
    ['the version before it is binary', {}],
  ])('are its own where %s', async (_, previous) => {
    const current = { SecretString: 'first', CreatedDate: rotatedHoursAgo(1) };
    const { read } = keysOf({ current, ...(previous && { previous }) });
    expect(await read()).toEqual(['first']);
  });

  test('are read once in five minutes, by whoever asks at the same time together', async () => {
    const { read, requests, clock, versions } = keysOf({ current: { SecretString: 'a' } });
    await Promise.all([read(), read()]);
    versions.current = { SecretString: 'b' };
    clock.now += 299_999;
    expect(await read()).toEqual(['a']);
    expect(requests).toHaveLength(1);
    clock.now += 1;
    expect(await read()).toEqual(['b']);
  });

  test('are asked for again after a failure, which says what could not be read', async () => {
    const { read, versions } = keysOf({ current: new Error('down') });
    await expect(read()).rejects.toMatchObject({
      name: 'UnavailableError',
      message: 'The key could not be read: Error',
    });
    versions.current = { SecretString: 'a' };
    expect(await read()).toEqual(['a']);
  });
});
