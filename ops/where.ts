import { CloudFormationClient, type Stack } from '@aws-sdk/client-cloudformation';
import { DescribeEventBusCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { AwsTarget } from './aws-target.ts';
import { readTemplate } from './deploy/deployed.ts';
import { recordedSettings } from './deploy/settings.ts';
import type { DeployedShop } from './stack.ts';

/** Says where a deployment goes: the endpoint of an engine, or the account and the region of AWS, by any stack that is there. */
export async function describeTarget(target: AwsTarget, stack: Pick<Stack, 'StackId'> | undefined): Promise<string> {
  if (target.local) return target.where;
  const arn = stack?.StackId ?? (await defaultBusArn(target).catch(() => undefined));
  if (arn !== undefined) return describeAccount(arn);
  // Some kinds of credentials name their account.
  const client = new CloudFormationClient(target.config).config;
  const { accountId = 'of your credentials' } = await client.credentials();
  return `AWS account ${accountId}, ${await client.region()}`;
}

/** Every account has this bus in every region. */
const defaultBusArn = async ({ config }: AwsTarget): Promise<string | undefined> =>
  (await new EventBridgeClient(config).send(new DescribeEventBusCommand({}))).Arn;

function describeAccount(arn: string): string {
  const [, , , region, account] = arn.split(':');
  return `AWS account ${account}, ${region}`;
}

/** Says where a shop is: the endpoint of its engine, or its account and region, which are those of the stack's ARN, so of the credentials in use. */
export const describePlace = ({
  local,
  where,
  stackArn,
}: Pick<DeployedShop, 'local' | 'where' | 'stackArn'>): string =>
  local || stackArn === undefined ? where : describeAccount(stackArn);

/** Says in which account, region, stage and stack a shop on AWS is. */
export async function describeShop(shop: DeployedShop): Promise<string> {
  return `${describePlace(shop)}, stage ${await readStage(shop)}, stack ${shop.stackName}`;
}

async function readStage(shop: DeployedShop): Promise<string> {
  try {
    return recordedSettings(await readTemplate(shop, shop.stackName))?.stage ?? 'not recorded';
  } catch {
    // An operator's role may lack `cloudformation:GetTemplate`; the stack's name tells the stage too.
    return 'unknown';
  }
}
