import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stack } from '@aws-sdk/client-cloudformation';
import { localFolder } from '../../localstack/engines.ts';
import type { AwsTarget } from '../aws-target.ts';
import { cdk } from '../cdk.ts';
import { synthesize } from '../deploy/assembly.ts';
import { bootstrap, findToolkit } from '../deploy/bootstrap.ts';
import { findSettledStack, isComplete } from '../deploy/deployed.ts';
import { keepingPauses } from '../deploy/pauses.ts';
import { findStack, STACK_NAME } from '../stack.ts';
import { type OnProgress, reportStep } from '../steps.ts';
import { fingerprint } from './fingerprint.ts';

const root = join(import.meta.dirname, '..', '..');

export type DeployOptions = {
  signal: AbortSignal;
  /** Where the assembly and the record of the last deployment are kept. @default .local */
  folder?: string;
  /** Overrides settings of `settings/local.json`, as `-c` does. @default none */
  context?: Readonly<Record<string, string>>;
  onProgress?: OnProgress;
};

/** Deploys the stack to an engine on this machine, unless the same sources are deployed there already, and returns its description. */
export async function deploy(
  target: AwsTarget,
  { signal, folder = localFolder, context = {}, onProgress = () => {} }: DeployOptions,
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
  await synthesizeLocal(target, assembly, context, signal, onProgress);
  const args = ['deploy', STACK_NAME, '--app', assembly, '--require-approval', 'never', '--method', 'direct'];
  await keepingPauses(target, STACK_NAME, { signal, onProgress }, () =>
    reportStep(`deployed ${STACK_NAME}`, onProgress, () => cdk(target.config, args, { signal })),
  );

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
async function synthesizeLocal(
  target: AwsTarget,
  assembly: string,
  context: Readonly<Record<string, string>>,
  signal: AbortSignal,
  onProgress: OnProgress,
): Promise<void> {
  const input = { stage: 'local', context: { ...context, stackName: STACK_NAME } };
  const synth = () => synthesize(input, assembly, { signal });
  if ((await findToolkit(target, signal)) !== undefined) {
    await reportStep('synthesised the stack', onProgress, synth);
    return;
  }
  await reportStep('bootstrapped CDK and synthesised the stack', onProgress, () =>
    runBoth(() => bootstrap(target, `${assembly}.bootstrap`, signal), synth),
  );
}

/** Identifies one deployment of one stack; it differs after a restart of the engine and after anybody else's deployment. */
const deploymentRecord = ({ StackId, CreationTime, LastUpdatedTime }: Stack, sources: string) =>
  `${JSON.stringify({ StackId, CreationTime, LastUpdatedTime, fingerprint: sources }, null, 2)}\n`;

const readText = (file: string) => readFile(file, 'utf8').catch(() => undefined);

/** Runs two pieces of work at the same time; both have ended when it returns or throws. */
async function runBoth(one: () => Promise<unknown>, other: () => Promise<unknown>): Promise<void> {
  for (const result of await Promise.allSettled([one(), other()])) {
    if (result.status === 'rejected') throw result.reason;
  }
}
