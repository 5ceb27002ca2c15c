import {
  DescribeRuleCommand,
  EventBridgeClient,
  ListRuleNamesByTargetCommand,
  ListTargetsByRuleCommand,
} from '@aws-sdk/client-eventbridge';
import {
  GetFunctionConfigurationCommand,
  GetPolicyCommand,
  LambdaClient,
  ResourceNotFoundException,
} from '@aws-sdk/client-lambda';
import { queueReader } from '../explain/deployment.ts';
import { evaluatePolicy } from '../explain/permission.ts';
import type { DeployedShop } from '../stack.ts';
import { type KeyOf, RESTORE, sendingProblem } from './problems.ts';

/** Why the sweep does not run, and why a run that fails would be lost; `undefined` where nothing is wrong. */
export type SweepProblems = { schedule: string | undefined; deadLetters: string | undefined };

/** Reads the schedule of the sweep. It gets no probe: its next run shows in the log within five minutes. */
export async function readSweep(shop: DeployedShop, keyOf: KeyOf): Promise<SweepProblems> {
  const lambda = new LambdaClient(shop.config);
  const events = new EventBridgeClient(shop.config);
  const FunctionName = shop.output('SweepFunctionName');
  const { FunctionArn = '' } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  const { RuleNames = [] } = await events.send(new ListRuleNamesByTargetCommand({ TargetArn: FunctionArn }));
  const [Name] = RuleNames;
  if (Name === undefined) {
    const problem = `no rule has the sweep as its target: ${RESTORE}`;
    return { schedule: problem, deadLetters: problem };
  }
  const [rule, targets, policy] = await Promise.all([
    events.send(new DescribeRuleCommand({ Name })),
    events.send(new ListTargetsByRuleCommand({ Rule: Name })),
    functionPolicy(lambda, FunctionName),
  ]);
  const sourceArn = rule.Arn ?? '';
  const mayInvoke =
    evaluatePolicy(policy, { service: 'events', action: 'lambda:InvokeFunction', sourceArn }) === 'allowed';
  const arn = targets.Targets?.find((target) => target.Arn === FunctionArn)?.DeadLetterConfig?.Arn;
  const queue = arn === undefined ? undefined : await queueReader(shop)(arn);
  return {
    schedule: !rule.State?.startsWith('ENABLED')
      ? `its rule is switched off: \`aws events enable-rule --name ${Name}\``
      : mayInvoke
        ? undefined
        : `the policy of its function does not let events.amazonaws.com invoke it for ${sourceArn}`,
    deadLetters:
      queue === undefined
        ? 'its rule has no dead-letter queue, so a run that fails is lost'
        : sendingProblem(queue, { service: 'events', sourceArn }, keyOf),
  };
}

async function functionPolicy(lambda: LambdaClient, FunctionName: string): Promise<string> {
  try {
    return (await lambda.send(new GetPolicyCommand({ FunctionName }))).Policy ?? '{}';
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return '{}';
    throw error;
  }
}
