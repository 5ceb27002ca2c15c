import type { SynthesisInput } from './assembly.ts';

/** The stages whose stack has no stage in its name, and which can be destroyed. */
const UNPROTECTED = ['dev', 'local'];

/**
 * Chooses which shop of a stage to deploy: `--stack-name`, the setting, else `STACK_NAME`, the stack's whole name, else the stage's file.
 * Throws a sentence for what must not be deployed.
 */
export function chooseShop(stage: string, shop: string | undefined, env: NodeJS.ProcessEnv): SynthesisInput {
  if (stage === 'local' && !env.AWS_ENDPOINT_URL) {
    throw new Error(
      'The stage local is for an engine on this machine: set AWS_ENDPOINT_URL, or deploy it with `npm start`.',
    );
  }
  const stackName = shop ?? shopOf(stage, env.STACK_NAME);
  return { stage, context: stackName === undefined ? {} : { stackName } };
}

function shopOf(stage: string, stack: string | undefined): string | undefined {
  if (!stack) return undefined;
  if (UNPROTECTED.includes(stage)) return stack;
  const ending = `-${stage}`;
  if (stack.endsWith(ending)) return stack.slice(0, -ending.length);
  throw new Error(
    `STACK_NAME is ${stack}, and every stack of the stage ${stage} ends in ${ending}: unset it, or name the shop with --stack-name.`,
  );
}
