import {
  CloudFormationClient,
  CloudFormationServiceException,
  DescribeStacksCommand,
  type Stack,
} from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { documentClient } from '../lambdas/runtime/records.ts';
import { type AwsTarget, awsTarget, type TargetChoice } from './aws-target.ts';

const DEFAULT_STACK = 'ShopMessaging';

/** The stack that all commands work on; set `SHOP_STACK_NAME` for another one in the account and region. */
export const STACK_NAME: string = process.env.SHOP_STACK_NAME || DEFAULT_STACK;

/** The deployed shop: where it runs, its stack's name and outputs, and a document client for its tables. */
export type DeployedShop = AwsTarget & {
  stackName: string;
  /** It names the account and the region. */
  stackArn: string | undefined;
  /** @default unknown */
  createdAt?: Date | undefined;
  outputs: Readonly<Record<string, string>>;
  /** Returns one of the stack's outputs; throws when the deployment is too old to have it. */
  output(name: string): string;
  documents: DynamoDBDocumentClient;
};

/** Finds the deployed shop at the target that `awsTarget` chooses; throws when there is none. */
export async function connectToShop(choice: TargetChoice = {}): Promise<DeployedShop> {
  const target = await awsTarget(choice);
  const stack = await findStack(target, STACK_NAME);
  if (stack === undefined) {
    const remedy = target.local
      ? '`npm start` deploys it.'
      : 'deploy it with `npm run deploy -- <stage>`, or name another one with SHOP_STACK_NAME.';
    const where = target.local ? `${target.where} in ${target.config.region}` : target.where;
    throw new Error(`There is no stack ${STACK_NAME} at ${where}: ${remedy}`);
  }
  return deployedShop(target, stack);
}

/** The file with a stack's outputs; `outputs.json` is that of the stack that `npm start` deploys without more. */
export const outputsFileName = (stackName: string): string =>
  stackName === DEFAULT_STACK ? 'outputs.json' : `outputs-${stackName}.json`;

/** Builds the shop from the description of its stack. */
export function deployedShop(
  target: AwsTarget,
  stack: Pick<Stack, 'Outputs'> & Partial<Pick<Stack, 'StackName' | 'StackId' | 'CreationTime'>>,
): DeployedShop {
  const outputs = Object.fromEntries(
    (stack.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
  );
  return {
    ...target,
    stackName: stack.StackName ?? STACK_NAME,
    stackArn: stack.StackId,
    createdAt: stack.CreationTime,
    outputs,
    output(name) {
      const value = outputs[name];
      if (value === undefined) {
        throw new Error(
          `The stack ${stack.StackName ?? STACK_NAME} at ${target.where} has no output ${name}: deploy it again.`,
        );
      }
      return value;
    },
    documents: documentClient(new DynamoDBClient(target.config)),
  };
}

/** Describes a stack; `undefined` where it does not exist. Fails within seconds, with advice, where the target does not answer. */
export async function findStack({ where, local, config }: AwsTarget, name: string): Promise<Stack | undefined> {
  const client = new CloudFormationClient({
    ...config,
    maxAttempts: local ? 1 : 3,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 15_000, throwOnRequestTimeout: true },
  });
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: name }));
    return Stacks.find(({ StackStatus }) => StackStatus !== 'DELETE_COMPLETE');
  } catch (error) {
    if (error instanceof CloudFormationServiceException && /does not exist/.test(error.message)) return undefined;
    if (error instanceof CloudFormationServiceException || !(error instanceof Error)) throw error;
    throw new Error(unreachableMessage({ where, local }, error), { cause: error });
  } finally {
    client.destroy();
  }
}

const UNREACHABLE = ['ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT'];

function unreachableMessage({ where, local }: Pick<AwsTarget, 'where' | 'local'>, error: Error): string {
  if (!local) {
    return `${where} cannot be used (${error.message}): set credentials and a region.`;
  }
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'ECONNREFUSED') return `Nothing is running at ${where}: start it with \`npm start\`.`;
  if (UNREACHABLE.includes(code) || error.name === 'TimeoutError') {
    return `${where}, which AWS_ENDPOINT_URL or .local/engine.json names, cannot be reached (${error.message}).`;
  }
  if (where.startsWith('https:')) {
    return `${where} cannot be used (${error.message}): set AWS_ENDPOINT_URL to http://… if the engine there speaks http.`;
  }
  return `The server at ${where} does not answer as AWS does (${error.message}): stop it, or set AWS_ENDPOINT_URL to another address.`;
}
