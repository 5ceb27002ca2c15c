import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stack } from '@aws-sdk/client-cloudformation';
import { localFolder } from '../../localstack/engines.ts';
import type { AwsTarget } from '../aws-target.ts';
import { pollUntil } from '../poll.ts';
import { findStack, STACK_NAME } from '../stack.ts';
import { type OnProgress, reportStep } from '../steps.ts';
import { cdk } from './cdk.ts';
import { fingerprint } from './fingerprint.ts';

const root = join(import.meta.dirname, '..', '..');
const IN_PROGRESS_TIMEOUT_MS = 120_000;

export type DeployOptions = {
  signal: AbortSignal;
  /** Where the assembly and the record of the last deployment are kept. @default .local */
  folder?: string;
  onProgress?: OnProgress;
};

/** Deploys the stack to an engine on this machine, unless the same sources are deployed there already, and returns its description. */
export async function deploy(
  target: AwsTarget,
  { signal, folder = localFolder, onProgress = () => {} }: DeployOptions,
): Promise<Stack> {
  const recordFile = join(folder, 'deployed.json');
  const sources = await fingerprint(root);
  const deployed = await findSettledStack(target, STACK_NAME, signal);
  if (deployed !== undefined && isComplete(deployed)) {
    if ((await readText(recordFile)) === deploymentRecord(deployed, sources)) {
      onProgress({ kind: 'notice', text: `✓ ${STACK_NAME} is up to date` });
      return deployed;
    }
  }

  const assembly = join(folder, 'cdk.out');
  await synthesize(target, assembly, signal, onProgress);
  const args = ['deploy', STACK_NAME, '--app', assembly, '--require-approval', 'never', '--method', 'direct'];
  await reportStep(`deployed ${STACK_NAME}`, onProgress, () => cdk(target.config, args, signal));

  const stack = await findStack(target, STACK_NAME);
  if (stack === undefined || !isComplete(stack)) {
    throw new Error(
      `The stack ${STACK_NAME} at ${target.where} is ${stack?.StackStatus ?? 'gone'} after its deployment.`,
    );
  }
  await mkdir(folder, { recursive: true });
  await writeFile(recordFile, deploymentRecord(stack, sources));
  return stack;
}

/** Synthesises the stack and, on an engine that was never deployed to, bootstraps CDK at the same time. */
async function synthesize(
  target: AwsTarget,
  assembly: string,
  signal: AbortSignal,
  onProgress: OnProgress,
): Promise<void> {
  const context = ['-c', 'stage=local', '-c', `stackName=${STACK_NAME}`];
  const synth = () => cdk(target.config, ['synth', '--quiet', ...context, '--output', assembly], signal);
  const toolkit = await findSettledStack(target, 'CDKToolkit', signal);
  if (toolkit !== undefined && isComplete(toolkit)) return reportStep('synthesised the stack', onProgress, synth);
  // CDK locks its output folder, so the two commands need different ones. With an environment given, bootstrap does not run the
  // app; CDK replaces the placeholders by the account and region of the credentials.
  const environment = 'aws://unknown-account/unknown-region';
  const bootstrap = () => cdk(target.config, ['bootstrap', environment, '--output', `${assembly}.bootstrap`], signal);
  await reportStep('bootstrapped CDK and synthesised the stack', onProgress, () => runBoth(bootstrap, synth));
}

/** Finds a stack, after waiting for an operation that an interrupted command left in progress. */
function findSettledStack(target: AwsTarget, name: string, signal: AbortSignal): Promise<Stack | undefined> {
  const settled = (stack: Stack | undefined) => !stack?.StackStatus?.endsWith('_IN_PROGRESS');
  const deadline = Date.now() + IN_PROGRESS_TIMEOUT_MS;
  return pollUntil(() => findStack(target, name), settled, { deadline, signal });
}

const isComplete = ({ StackStatus }: Stack) => StackStatus === 'CREATE_COMPLETE' || StackStatus === 'UPDATE_COMPLETE';

/** Identifies one deployment of one stack; it differs after a restart of the engine and after anybody else's deployment. */
const deploymentRecord = ({ StackId, CreationTime, LastUpdatedTime }: Stack, sources: string) =>
  `${JSON.stringify({ StackId, CreationTime, LastUpdatedTime, fingerprint: sources }, null, 2)}\n`;

const readText = (file: string) => readFile(file, 'utf8').catch(() => undefined);

/** Runs two pieces of work at the same time; both have ended when it returns or throws. */
async function runBoth(one: () => Promise<void>, other: () => Promise<void>): Promise<void> {
  for (const result of await Promise.allSettled([one(), other()])) {
    if (result.status === 'rejected') throw result.reason;
  }
}
