import { join } from 'node:path';
import { localFolder } from '../../localstack/engines.ts';
import { cdk } from '../cdk.ts';
import { type DeployedShop, deployedShop, findStack } from '../stack.ts';
import { reportStep } from '../steps.ts';
import { type VerifyResult, verify } from '../verify/verify.ts';
import { findWatchedAlarms } from './alarms.ts';
import type { Assembly } from './assembly.ts';
import { bootstrap, findToolkit } from './bootstrap.ts';
import { keepingPauses } from './pauses.ts';
import { readPins } from './pins.ts';
import { assertUnchanged, type Preparation, synthesizeStage, takesTwoPasses, type Work } from './prepare.ts';

/** How long CloudFormation goes on monitoring after the deployment; the metrics of an alarm lag behind. */
const MONITORING_MINUTES = 10;

/**
 * Deploys what was prepared and verifies every hop. The first deployment of a protected stage takes two passes: only a shop that works is
 * protected against deletion, so that what fails can roll back.
 */
export async function deployPrepared(
  preparation: Preparation,
  { watch, ...work }: Work & { watch: boolean },
): Promise<VerifyResult> {
  const { target, input, assembly, deployed } = preparation;
  await assertUnchanged(preparation, work);
  if (target.local && (await findToolkit(target, work.signal)) === undefined) {
    const folder = join(localFolder, 'deploy', 'bootstrap');
    await reportStep('bootstrapped CDK', work.onProgress, () => bootstrap(target, folder, work.signal));
  }
  if (!takesTwoPasses(preparation)) {
    const arns = watch && deployed !== undefined ? await alarmsToWatch(preparation, work) : [];
    return verify(await deployAssembly(preparation, assembly, arns, work), work);
  }
  const firstInput = { ...input, context: { ...input.context, firstDeployment: 'true' } };
  const first = await synthesizeStage(firstInput, work);
  const result = await verify(await deployAssembly(preparation, first, [], work), work);
  if (result.hops.every(({ ok }) => ok)) await deployAssembly(preparation, assembly, [], work);
  return result;
}

async function alarmsToWatch({ target, assembly, deployed }: Preparation, { onProgress }: Work): Promise<string[]> {
  if (deployed === undefined) return [];
  const templates = { deployed: deployed.template, next: assembly.template };
  const { arns, leftOut } = await findWatchedAlarms(target, templates, Object.keys((await readPins()).watchedAlarms));
  for (const text of leftOut) onProgress({ kind: 'notice', text: `! not watched: ${text}` });
  return arns;
}

async function deployAssembly(
  { target }: Preparation,
  { folder, stackName }: Assembly,
  alarmArns: readonly string[],
  work: Work,
): Promise<DeployedShop> {
  const { signal, onProgress } = work;
  // Without `none` CloudFormation would go on monitoring the alarms of an earlier deployment.
  const triggers =
    alarmArns.length === 0 ? ['none'] : [...alarmArns, '--monitoring-time-minutes', String(MONITORING_MINUTES)];
  const speed = target.local ? ['--method', 'direct'] : ['--progress', 'events'];
  const args = ['deploy', stackName, '--app', folder, '--require-approval', 'never', ...speed];
  const onLine = target.local ? undefined : (text: string) => onProgress({ kind: 'notice', text });
  await keepingPauses(target, stackName, work, () =>
    reportStep(`deployed ${stackName}`, onProgress, () =>
      cdk(target.config, [...args, '--rollback-trigger-alarm-arns', ...triggers], { signal, onLine }),
    ),
  );
  const stack = await findStack(target, stackName);
  if (stack === undefined) throw new Error(`The stack ${stackName} at ${target.where} is gone after its deployment.`);
  return deployedShop(target, stack);
}
