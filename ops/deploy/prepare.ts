import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { localFolder } from '../../localstack/engines.ts';
import type { AwsTarget } from '../aws-target.ts';
import { type OnProgress, reportStep } from '../steps.ts';
import { type Assembly, readAssembly, type SynthesisInput, synthesize } from './assembly.ts';
import { type DeployedStack, findDeployed } from './deployed.ts';
import { clean, formatRefusals } from './format.ts';
import type { Input } from './input.ts';
import { readPins } from './pins.ts';
import { changesEncryption, type Plan, partnersWithLostQueues, planDeployment } from './plan.ts';
import { findOccupiedQueues } from './queues.ts';
import { type Confirmations, refusalsOf, refuseOccupiedQueues } from './refusals.ts';
import { refuseRestoredTables } from './restored-tables.ts';
import { recordedSettings } from './settings.ts';

export type Work = { signal: AbortSignal; onProgress: OnProgress };

/** A deployment that can be carried out, unless it has refusals. */
export type Preparation = {
  target: AwsTarget;
  input: Input;
  assembly: Assembly;
  deployed: DeployedStack | undefined;
  plan: Plan;
  /** Sentences that say why it must not be carried out. */
  refusals: string[];
};

export type PrepareOptions = Work & {
  input: Input;
  /** A synthesised assembly to deploy instead of synthesising one. */
  app?: string | undefined;
  confirmations: Confirmations;
  /** Only says what would change, with the templates alone. */
  planOnly: boolean;
};

/** Synthesises a stage and compares it with what is deployed; changes nothing there. */
export async function prepareDeployment(
  target: AwsTarget,
  { input, app, confirmations, planOnly, ...work }: PrepareOptions,
): Promise<Preparation> {
  const assembly = app === undefined ? await synthesizeStage(input, work) : await readAssembly(app);
  const { stackName, template } = assembly;
  checkAssembly(assembly, input);
  const deployed = await findDeployed(target, stackName, work.signal);
  const plan = planDeployment(deployed?.template, template, { stackName, stage: input.stage });
  const preparation = { target, input, assembly, deployed, plan, refusals: [] };
  const refusals = refusalsOf(plan, confirmations, await readPins());
  if (planOnly) return { ...preparation, refusals };
  if (app !== undefined && takesTwoPasses(preparation)) refusals.push(ONE_PASS);
  const restored = await refuseRestoredTables(target, { stackName, deployed, next: template });
  return { ...preparation, refusals: [...refusals, ...(await refuseWaiting(target, plan)), ...restored] };
}

const ONE_PASS =
  '--app: the first deployment of a protected stage takes two passes, and an assembly is for one. Deploy from the checkout.';

const refuseWaiting = async (target: AwsTarget, plan: Plan): Promise<string[]> =>
  changesEncryption(plan) || partnersWithLostQueues(plan).length > 0
    ? refuseOccupiedQueues(plan, await findOccupiedQueues(target, plan.stackName))
    : [];

/** Whether a deployment creates a protected stack: only one that works is protected, so that what fails can roll back. */
export const takesTwoPasses = ({ plan, assembly }: Pick<Preparation, 'plan' | 'assembly'>): boolean =>
  plan.first && recordedSettings(assembly.template)?.isProtected === 'true';

/** Throws a sentence where what was prepared no longer holds, because the operator was asked for a while. */
export async function assertUnchanged({ target, plan, deployed }: Preparation, { signal }: Work): Promise<void> {
  const now = await findDeployed(target, plan.stackName, signal);
  if (versionOf(now) !== versionOf(deployed)) {
    throw new Error(`${plan.stackName} was deployed by somebody else meanwhile: run it again to see what changes now.`);
  }
  const refusals = await refuseWaiting(target, plan);
  if (refusals.length > 0) throw new Error(formatRefusals(refusals));
}

/** Identifies one deployment of a stack. */
const versionOf = (deployed: DeployedStack | undefined) =>
  deployed && [deployed.stack.StackId, deployed.stack.LastUpdatedTime ?? deployed.stack.CreationTime].join(' ');

/** Throws a sentence where an assembly is of another stage or another stack than the one that is to be deployed. */
function checkAssembly({ folder, stackName, template }: Assembly, input: Input): void {
  const stage = recordedSettings(template)?.stage;
  if (stage !== input.stage) {
    const found = stage === undefined ? 'no stage' : `the stage ${clean(stage)}`;
    throw new Error(`${folder} is an assembly of ${found}, not of ${input.stage}: use -c stage=${input.stage}.`);
  }
  if (input.stackName !== undefined && input.stackName !== stackName) {
    throw new Error(
      `${folder} is an assembly of the stack ${clean(stackName)}, and SHOP_STACK_NAME is ${input.stackName}.`,
    );
  }
}

/** Synthesises a stage into a folder of its own, so that stages can be deployed at the same time. */
export async function synthesizeStage(input: SynthesisInput, { signal, onProgress }: Work): Promise<Assembly> {
  const name = [input.stage, ...Object.values(input.context)].join('-').replaceAll(/[^\w-]/g, '_');
  const folder = join(localFolder, 'deploy', name);
  // What an earlier synthesis left there is no part of this one.
  await rm(folder, { recursive: true, force: true });
  return reportStep(`synthesised the stage ${input.stage}`, onProgress, () => synthesize(input, folder, { signal }));
}
