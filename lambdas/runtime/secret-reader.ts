import {
  GetSecretValueCommand,
  type GetSecretValueCommandOutput,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { callLimits } from './call-limits.ts';
import { UnavailableError } from './failure.ts';

type Client = Pick<SecretsManagerClient, 'send'>;

const clientOf = (): Client => new SecretsManagerClient(callLimits({ attempts: 2 }));

/**
 * Returns a function that reads a secret's text, without surrounding white space, from AWS Secrets Manager. It throws
 * `UnavailableError`, which says `what` it is, if the secret cannot be read or has no text.
 */
export const secretReader =
  (what: string, SecretId: string, client = clientOf()) =>
  async (): Promise<string> =>
    textOf(what, await read(what, client, { SecretId }));

/** How long keys that were read are used, in seconds. */
const CACHE_SECONDS = 300;

/** How long after a rotation the keys of the version before it are still used, in hours. */
export const ROTATION_HOURS = 24;

/**
 * Returns a function that reads the keys in a secret, one or more separated by white space, and for a day after a rotation those of the version
 * before it behind them: whoever is at the other end may change over in that time. They are read again after five minutes. It throws as
 * `secretReader` does.
 */
export function rotatingKeysReader(
  what: string,
  SecretId: string,
  client = clientOf(),
  now = Date.now,
): () => Promise<readonly string[]> {
  let cached: { keys: Promise<readonly string[]>; readAt: number } | undefined;
  return () => {
    if (cached === undefined || now() - cached.readAt >= CACHE_SECONDS * 1000) {
      const reading = { keys: readKeys(what, SecretId, client, now()), readAt: now() };
      cached = reading;
      reading.keys.catch(() => {
        if (cached === reading) cached = undefined;
      });
    }
    return cached.keys;
  };
}

async function readKeys(what: string, SecretId: string, client: Client, nowMs: number): Promise<readonly string[]> {
  const current = await read(what, client, { SecretId });
  const keys = textOf(what, current).split(/\s+/);
  const createdMs = current.CreatedDate?.getTime() ?? 0;
  if (nowMs - createdMs >= ROTATION_HOURS * 3_600_000) return keys;
  const previous = await read(what, client, { SecretId, VersionStage: 'AWSPREVIOUS' }, true);
  const before = previous.SecretString?.trim();
  return before ? [...new Set([...keys, ...before.split(/\s+/)])] : keys;
}

async function read(
  what: string,
  client: Client,
  input: { SecretId: string; VersionStage?: string },
  mayBeMissing = false,
): Promise<Pick<GetSecretValueCommandOutput, 'SecretString' | 'CreatedDate'>> {
  try {
    return await client.send(new GetSecretValueCommand(input));
  } catch (error) {
    if (mayBeMissing && error instanceof ResourceNotFoundException) return {};
    throw unreadable(what, error instanceof Error ? error.name : typeof error);
  }
}

function textOf(what: string, { SecretString }: { SecretString?: string | undefined }): string {
  const text = SecretString?.trim();
  if (!text) throw unreadable(what, 'the secret has no text');
  return text;
}

const unreadable = (what: string, reason: string) => new UnavailableError(`${what} could not be read: ${reason}`);
