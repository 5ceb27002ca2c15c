import { CreateSecretCommand, ResourceExistsException, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { requestFunctionUrl } from '../../ops/function-url.ts';
import { output, shop } from './deployed-shop.ts';

/** The secrets that the senders of the suite's shop sign with, by their names. */
export const intakeSecrets = {
  'intake-acme': `whsec_${Buffer.from('the secret of acme on an engine').toString('base64')}`,
  'intake-checkout': 'whsec_of-checkout-on-an-engine',
  'intake-storefront': 'of-storefront-on-an-engine',
};

/** Creates the secrets, unless a file before has. */
export async function createIntakeSecrets(): Promise<void> {
  const client = new SecretsManagerClient(shop.config);
  for (const [Name, SecretString] of Object.entries(intakeSecrets)) {
    await client.send(new CreateSecretCommand({ Name, SecretString })).catch((error: unknown) => {
      if (!(error instanceof ResourceExistsException)) throw error;
    });
  }
}

/** Sends a request to the intake, as a sender does. */
export const sendToIntake = (
  path: string,
  { headers, ...request }: { method?: string; headers?: Record<string, string>; body?: string | Buffer },
) =>
  requestFunctionUrl(shop, `${output('IntakeUrl')}${path}`, {
    headers: { 'content-type': 'application/json', ...headers },
    ...request,
  });
