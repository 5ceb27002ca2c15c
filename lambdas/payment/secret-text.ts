import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { UnavailableError } from '../runtime/failure.ts';

/** Takes a secret's name or ARN and gives what reads it: a text, kept in AWS Secrets Manager. */
export const secretReader =
  (SecretId: string, client = new SecretsManagerClient({ maxAttempts: 2 })) =>
  async (): Promise<string> => {
    const failed = (why: string) => new UnavailableError(`The payment gateway's key could not be read: ${why}`);
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId })).catch((error: unknown) => {
      throw failed(error instanceof Error ? error.name : typeof error);
    });
    const text = SecretString?.trim();
    if (!text) throw failed('the secret has no text');
    return text;
  };
