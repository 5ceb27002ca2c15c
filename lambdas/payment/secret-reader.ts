import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { callLimits } from '../runtime/call-limits.ts';
import { UnavailableError } from '../runtime/failure.ts';

/**
 * Returns a function that reads a secret's text, without surrounding white space, from AWS Secrets Manager. It throws
 * `UnavailableError` if the secret cannot be read or has no text.
 */
export const secretReader =
  (SecretId: string, client = new SecretsManagerClient(callLimits({ attempts: 2 }))) =>
  async (): Promise<string> => {
    const unreadable = (reason: string) =>
      new UnavailableError(`The payment gateway's key could not be read: ${reason}`);
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId })).catch((error: unknown) => {
      throw unreadable(error instanceof Error ? error.name : typeof error);
    });
    const text = SecretString?.trim();
    if (!text) throw unreadable('the secret has no text');
    return text;
  };
