import { userInfo } from 'node:os';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { AwsTarget } from '../aws-target.ts';

/** Names whoever runs the command: the caller's ARN, with the session of a role; on an engine the user of this machine. */
export async function callerName({ local, config }: AwsTarget): Promise<string> {
  if (local) return localUser();
  const { Arn } = await new STSClient(config).send(new GetCallerIdentityCommand({}));
  if (Arn === undefined) throw new Error('AWS does not say who you are: `aws sts get-caller-identity` shows it.');
  return Arn;
}

/** A container may run under a number that has no name. */
function localUser(): string {
  try {
    return userInfo().username;
  } catch {
    return process.env.USER || 'unknown';
  }
}
