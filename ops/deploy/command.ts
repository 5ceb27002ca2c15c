import type { Command } from 'commander';
import { awsTarget, isAwsChosen } from '../aws-target.ts';
import { command } from '../command.ts';
import { confirm } from '../confirm.ts';
import { interruptible } from '../interruption.ts';
import { print } from '../output.ts';
import { readPauses, readPausesIfAllowed } from '../pause/paused-consumers.ts';
import { printNotice, progressPrinter } from '../progress.ts';
import { deployedShop } from '../stack.ts';
import { formatHops } from '../verify/format.ts';
import { isDead, type VerifyResult } from '../verify/verify.ts';
import { describeTarget } from '../where.ts';
import { findToolkit } from './bootstrap.ts';
import { deployPrepared } from './deploy.ts';
import { formatPlan, formatRefusals } from './format.ts';
import { chooseInput } from './input.ts';
import { formatPauses } from './pauses.ts';
import type { Plan } from './plan.ts';
import { prepareDeployment } from './prepare.ts';

type DeployCommandOptions = {
  change?: readonly string[];
  replace?: readonly string[];
  stackName?: string;
  app?: string;
  plan?: boolean;
  watch?: boolean;
  yes?: boolean;
  json?: boolean;
};

const collect = (value: string, earlier: readonly string[] = []) => [...earlier, value];

/** `ops deploy`, also `npm run deploy` */
export function deployCommand(): Command {
  return command(
    'deploy',
    'Deploy a stage to AWS, or to the engine at AWS_ENDPOINT_URL: say what changes, ask, deploy, verify every hop. `npm run deploy -- <stage>` is the same.',
    'deploy prod --plan',
    'deploy prod --watch',
    'deploy prod --change encryption --replace Key961B73FD',
  )
    .argument('<stage>', 'a stage with a file in settings/, such as dev or prod')
    .option(
      '--change <setting>',
      'confirm the change of a guarded setting: paymentGateway, encryption, restoredTables',
      collect,
    )
    .option('--replace <logical id>', 'confirm that this pinned resource is replaced or removed', collect)
    .option('--plan', 'say what changes, or why it is refused, and deploy nothing')
    .option('--watch', 'roll back when an alarm goes off, until ten minutes after the deployment')
    .option('--stack-name <name>', 'the setting stackName: deploy a second shop, beside the first')
    .option('--app <folder>', 'deploy what `cdk synth --output <folder>` wrote, instead of synthesising')
    .option('--yes', 'do not ask first')
    .action(runDeploy);
}

async function runDeploy(stage: string, options: DeployCommandOptions): Promise<void> {
  const { json, plan: planOnly = false, yes, watch = false, app, change = [], replace = [] } = options;
  // Whoever deploys a stage means AWS, unless an engine is named.
  const target = await awsTarget({ aws: isAwsChosen({}) || !process.env.AWS_ENDPOINT_URL });
  const input = chooseInput({ stage, shop: options.stackName, app, local: target.local, env: process.env });
  const onProgress = progressPrinter();
  const { preparation, toolkit } = await interruptible('Interrupted: nothing was deployed.', async (signal) => ({
    preparation: await prepareDeployment(target, {
      input,
      app,
      confirmations: { change, replace },
      planOnly,
      signal,
      onProgress,
    }),
    // A role that may only compare cannot see it.
    toolkit: planOnly ? undefined : await findToolkit(target, signal),
  }));
  const { plan, refusals } = preparation;
  const where = await describeTarget(target, preparation.deployed?.stack ?? toolkit);
  const deployed = preparation.deployed && deployedShop(target, preparation.deployed.stack);
  const pauses = deployed === undefined ? [] : await (planOnly ? readPausesIfAllowed : readPauses)(deployed);
  const text = () => [formatPlan(plan, where), ...formatPauses(pauses)].join('\n');
  const document = {
    where,
    ...plan,
    paused: pauses?.map(({ consumer, pause }) => ({ consumer, ...pause })) ?? null,
    refusals,
  };
  if (planOnly) print(json, document, text);
  else printNotice(text());
  if (refusals.length > 0) throw new Error(formatRefusals(refusals));
  if (planOnly) return;
  if (!target.local && toolkit === undefined) printNotice(NOT_BOOTSTRAPPED);
  if (!(yes || (await confirm(`Deploy ${plan.stackName}, stage ${plan.stage}, to ${where}?`)))) {
    return print(json, { ...document, deployed: false }, () => 'Nothing was deployed.');
  }
  const result = await interruptible(INTERRUPTED, (signal) =>
    deployPrepared(preparation, { watch, signal, onProgress }),
  );
  printResult(json, document, plan, result);
}

const NOT_BOOTSTRAPPED =
  '! There is no stack CDKToolkit here: unless CDK was bootstrapped under another name, run `npx cdk bootstrap` first.';
const INTERRUPTED = 'Interrupted: CloudFormation goes on with what it began; deploying again waits for it.';

function printResult(
  json: boolean | undefined,
  document: object,
  { stackName, first }: Plan,
  result: VerifyResult,
): void {
  const { hops } = result;
  const dead = hops.filter(isDead).length;
  print(json, { ...document, deployed: true, hops }, (layout) =>
    hops.every(({ ok }) => ok)
      ? `${stackName} is deployed, and all ${hops.length} hops deliver.`
      : formatHops(result, layout),
  );
  if (dead === 0) return;
  const rest = first ? ' It is not protected yet: repair it, and deploy again.' : '';
  throw new Error(`${stackName} is deployed, and ${dead} of ${hops.length} hops are dead.${rest}`);
}
