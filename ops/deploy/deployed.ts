import { CloudFormationClient, GetTemplateCommand, type Stack } from '@aws-sdk/client-cloudformation';
import type { AwsTarget } from '../aws-target.ts';
import { pollUntil } from '../poll.ts';
import { findStack } from '../stack.ts';
import { parseTemplate, type Template } from './template.ts';

/** A stack that works, with the template it was deployed from. */
export type DeployedStack = { stack: Stack; template: Template };

const IN_PROGRESS_TIMEOUT_MS = 120_000;
/** A change set was made for a stack that does not exist yet. */
const IN_REVIEW = 'REVIEW_IN_PROGRESS';
const NEVER_CREATED = [IN_REVIEW, 'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED', 'DELETE_COMPLETE'];
const DEPLOYED = [
  'CREATE_COMPLETE',
  'UPDATE_COMPLETE',
  'UPDATE_ROLLBACK_COMPLETE',
  'IMPORT_COMPLETE',
  'IMPORT_ROLLBACK_COMPLETE',
];

/** Finds the stack that a deployment would change; `undefined` where there is none. Waits for an operation in progress. */
export async function findDeployed(
  target: AwsTarget,
  stackName: string,
  signal: AbortSignal,
): Promise<DeployedStack | undefined> {
  const stack = await findSettledStack(target, stackName, signal);
  return stack !== undefined && isDeployed(stackName, stack)
    ? { stack, template: await readTemplate(target, stackName) }
    : undefined;
}

/**
 * Whether a stack was ever deployed: not where its creation failed, after which CDK deletes what is left and begins anew. Throws a
 * sentence where the stack is in a state from which it cannot be deployed.
 */
export function isDeployed(
  stackName: string,
  {
    StackStatus: status,
    EnableTerminationProtection: isProtected,
  }: Pick<Stack, 'StackStatus' | 'EnableTerminationProtection'>,
): boolean {
  if (status === undefined) return false;
  if (DEPLOYED.includes(status)) return true;
  if (!NEVER_CREATED.includes(status)) {
    const remedy = status.endsWith('_IN_PROGRESS')
      ? 'wait until it is done'
      : 'finish that in the CloudFormation console';
    throw new Error(`The stack ${stackName} is ${status}: ${remedy}, then deploy again.`);
  }
  if (!isProtected || status === IN_REVIEW) return false;
  throw new Error(
    `The creation of ${stackName} failed (${status}), and its termination protection keeps what is left of it: see docs/runbook/failed-first-deployment.md.`,
  );
}

/** Reads the template that a stack was deployed from. */
export async function readTemplate({ config }: AwsTarget, StackName: string): Promise<Template> {
  const client = new CloudFormationClient(config);
  // As it was sent, not as CloudFormation expanded it.
  const { TemplateBody = '' } = await client.send(new GetTemplateCommand({ StackName, TemplateStage: 'Original' }));
  return parseTemplate(TemplateBody, `What ${StackName} was deployed from`);
}

/** Finds a stack, after waiting for an operation that an interrupted command left in progress. */
export function findSettledStack(target: AwsTarget, name: string, signal: AbortSignal): Promise<Stack | undefined> {
  const settled = (stack: Stack | undefined) =>
    stack?.StackStatus === IN_REVIEW || !stack?.StackStatus?.endsWith('_IN_PROGRESS');
  const deadline = Date.now() + IN_PROGRESS_TIMEOUT_MS;
  return pollUntil(() => findStack(target, name), settled, { deadline, signal });
}

export const isComplete = ({ StackStatus }: Stack): boolean =>
  StackStatus === 'CREATE_COMPLETE' || StackStatus === 'UPDATE_COMPLETE';
