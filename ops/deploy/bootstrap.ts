import type { AwsTarget } from '../aws-target.ts';
import { cdk } from '../cdk.ts';
import { findSettledStack, isComplete } from './deployed.ts';

const TOOLKIT = 'CDKToolkit';

/** Finds the stack in which CDK keeps what every deployment needs; `undefined` where CDK was not bootstrapped, or under another name. */
export async function findToolkit(target: AwsTarget, signal: AbortSignal) {
  const toolkit = await findSettledStack(target, TOOLKIT, signal);
  return toolkit !== undefined && isComplete(toolkit) ? toolkit : undefined;
}

/** Bootstraps CDK on an engine. `folder` must not be one that another CDK command is using, which locks it. */
export const bootstrap = ({ config }: AwsTarget, folder: string, signal: AbortSignal): Promise<void> =>
  // With an environment given, bootstrap does not run the app; CDK replaces the placeholders by the account and region of the credentials.
  cdk(config, ['bootstrap', 'aws://unknown-account/unknown-region', '--output', folder], { signal });
