import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { engineClientConfig } from '../../localstack/environment.ts';

/** The secrets that the endpoints of the suite's shop are signed for with, by their names. */
const endpointSecrets = {
  'webhook-erp': `whsec_${btoa('the key of the endpoint erp'.padEnd(32))}`,
  'webhook-gone': `whsec_${btoa('the key of the endpoint gone'.padEnd(32))}`,
};

/** The secrets that the senders of the suite's shop sign with, by their names. */
export const intakeSecrets = {
  'intake-acme': `whsec_${btoa('the secret of acme on an engine')}`,
  'intake-checkout': 'whsec_of-checkout-on-an-engine',
  'intake-storefront': 'of-storefront-on-an-engine',
};

/** Returns the key that an endpoint verifies with. */
export const keyOf = (endpoint: 'erp' | 'gone'): string => endpointSecrets[`webhook-${endpoint}`];

/** Creates the secrets that the settings of the suite name. */
export async function createSecrets(endpoint: string): Promise<void> {
  const client = new SecretsManagerClient(engineClientConfig(endpoint));
  for (const [Name, SecretString] of Object.entries({ ...endpointSecrets, ...intakeSecrets }))
    await client.send(new CreateSecretCommand({ Name, SecretString }));
  client.destroy();
}
