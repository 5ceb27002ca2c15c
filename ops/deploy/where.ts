import { CloudFormationClient, type Stack } from '@aws-sdk/client-cloudformation';
import type { AwsTarget } from '../aws-target.ts';

/** Says where a deployment goes: the endpoint of an engine, or the account and the region of AWS, by any stack that is there. */
export async function describeTarget({ local, where, config }: AwsTarget, stack: Stack | undefined): Promise<string> {
  if (local) return where;
  if (stack?.StackId !== undefined) {
    const [, , , region, account] = stack.StackId.split(':');
    return `AWS account ${account}, ${region}`;
  }
  const client = new CloudFormationClient(config).config;
  // Some kinds of credentials name their account.
  const { accountId = 'of your credentials' } = await client.credentials();
  return `AWS account ${accountId}, ${await client.region()}`;
}
