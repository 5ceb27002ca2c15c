import { loadSettings } from '../../infra/settings.ts';
import type { SynthesisInput } from './assembly.ts';

/** What the operator named, and the environment. */
export type Choice = {
  stage: string;
  shop?: string | undefined;
  app?: string | undefined;
  /** Whether it goes to an engine. */
  local: boolean;
  env: NodeJS.ProcessEnv;
};

/** The stage to synthesise, and the stack that must come out of it; `undefined` where an assembly names it. */
export type Input = SynthesisInput & { stackName: string | undefined };

/**
 * Chooses which shop of a stage to deploy: `--stack-name`, the setting, else `SHOP_STACK_NAME`, the stack's whole name, else the stage's file.
 * Throws a sentence for what must not be deployed, and for settings that are wrong.
 */
export function chooseInput({ stage, shop, app, local, env }: Choice): Input {
  if (stage === 'local' && !local) {
    throw new Error('The stage local is for an engine on this machine: set AWS_ENDPOINT_URL, or use `npm start`.');
  }
  if (app !== undefined) {
    if (shop === undefined) return { stage, context: {}, stackName: env.SHOP_STACK_NAME || undefined };
    throw new Error(`--stack-name ${shop}: the assembly of --app names its stack already. Leave one of them out.`);
  }
  const context = { ...shopContext(stage, shop, env.SHOP_STACK_NAME) };
  return { stage, context, stackName: loadSettings(stage, context).stackName };
}

function shopContext(
  stage: string,
  shop: string | undefined,
  stack: string | undefined,
): { stackName: string } | undefined {
  if (shop !== undefined) return { stackName: shop };
  const settings = loadSettings(stage);
  if (!stack || stack === settings.stackName) return undefined;
  const ending = settings.stackName.slice(settings.shop.length);
  if (stack.endsWith(ending) && stack !== ending) return { stackName: stack.slice(0, stack.length - ending.length) };
  throw new Error(
    `SHOP_STACK_NAME is ${stack}, and the stack of the stage ${stage} ends in ${ending}: unset it, or name the shop with --stack-name.`,
  );
}
