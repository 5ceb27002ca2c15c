import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { localFolder } from '../../localstack/engines.ts';
import type { AwsTarget } from '../aws-target.ts';
import { type OnProgress, reportStep } from '../steps.ts';
import { type Assembly, readAssembly, type SynthesisInput, synthesize } from './assembly.ts';
import { type DeployedStack, findDeployed } from './deployed.ts';
import type { Input } from './input.ts';
import { readPins } from './pins.ts';
import { changesEncryption, type Plan, planDeployment } from './plan.ts';
import { findOccupiedQueues } from './queues.ts';
import { type Confirmations, refusalsOf, refuseOccupiedQueues } from './refusals.ts';
import { recordedSettings } from './settings.ts';

export type Work = { signal: AbortSignal; onProgress: OnProgress };

/** A deployment that can be carried out, unless it has refusals. */
export type Preparation = {
  target: AwsTarget;
  input: Input;
  assembly: Assembly;
  /** The assembly was synthesised elsewhere. */
  given: boolean;
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
  const assembly = app === undefined ? await synthesizeStage(target, input, work) : await readAssembly(app);
  const { stackName, template } = assembly;
  checkAssembly(assembly, input);
  const deployed = await findDeployed(target, stackName, work.signal);
  const plan = planDeployment(deployed?.template, template, { stackName, stage: input.stage });
  const refusals = refusalsOf(plan, confirmations, (await readPins()).losses);
  if (changesEncryption(plan) && !planOnly) {
    refusals.push(...refuseOccupiedQueues(plan, await findOccupiedQueues(target, stackName)));
  }
  return { target, input, assembly, given: app !== undefined, deployed, plan, refusals };
}

/** Throws a sentence where an assembly is of another stage or another stack than the one that is to be deployed. */
function checkAssembly({ folder, stackName, template }: Assembly, input: Input): void {
  const stage = recordedSettings(template)?.stage;
  if (stage !== input.stage) {
    throw new Error(
      `${folder} is an assembly of ${stage === undefined ? 'no stage' : `the stage ${stage}`}, not of ${input.stage}: synthesise it with -c stage=${input.stage}.`,
    );
  }
  if (input.stackName !== undefined && input.stackName !== stackName) {
    throw new Error(
      `${folder} is an assembly of the stack ${stackName}, not of ${input.stackName}, which STACK_NAME says.`,
    );
  }
}

/** Synthesises a stage into a folder of its own, so that stages can be deployed at the same time. */
export async function synthesizeStage(
  target: AwsTarget,
  input: SynthesisInput,
  { signal, onProgress }: Work,
): Promise<Assembly> {
  const name = [input.stage, ...Object.values(input.context)].join('-').replaceAll(/[^\w-]/g, '_');
  const folder = join(localFolder, 'deploy', name);
  // What an earlier synthesis left there is no part of this one.
  await rm(folder, { recursive: true, force: true });
  return reportStep(`synthesised the stage ${input.stage}`, onProgress, () =>
    synthesize(target, input, folder, { signal }),
  );
}
