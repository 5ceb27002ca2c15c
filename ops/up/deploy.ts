import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stack } from '@aws-sdk/client-cloudformation';
import { localFolder } from '../../localstack/engines.ts';
import type { AwsTarget } from '../aws-target.ts';
import { pollUntil } from '../poll.ts';
import { printNotice, runStep } from '../progress.ts';
import { findStack, STACK_NAME } from '../stack.ts';
import { cdk } from './cdk.ts';
import { fingerprint } from './fingerprint.ts';

const root = join(import.meta.dirname, '..', '..');
const IN_PROGRESS_WITHIN_MS = 120_000;

/** Deploys the stack to an engine on this machine, unless exactly this is there already, and gives its description;
 * what it notes is kept in `folder`. */
export async function deploy(target: AwsTarget, signal: AbortSignal, folder: string = localFolder): Promise<Stack> {
  const recordFile = join(folder, 'deployed.json');
  const print = await fingerprint(root);
  // Somebody was interrupted here before: what the engine began, it ends by itself.
  const settled = (stack: Stack | undefined) => !stack?.StackStatus?.endsWith('_IN_PROGRESS');
  const deadline = Date.now() + IN_PROGRESS_WITHIN_MS;
  const before = await pollUntil(() => findStack(target, STACK_NAME), settled, { deadline, signal });
  if (before !== undefined && isWhole(before) && (await readText(recordFile)) === record(before, print)) {
    printNotice(`✓ ${STACK_NAME} is up to date`);
    return before;
  }

  const assembly = join(folder, 'cdk.out');
  const toolkit = await pollUntil(() => findStack(target, 'CDKToolkit'), settled, { deadline, signal });
  const settings = ['-c', 'stage=local', '-c', `stackName=${STACK_NAME}`];
  const synth = () => cdk(target.config, ['synth', '--quiet', ...settings, '--output', assembly], signal);
  if (toolkit !== undefined && isWhole(toolkit)) await runStep('synthesised the stack', synth);
  else {
    // A folder of its own: two commands side by side would find each other's lock in the usual one.
    // The names stand for the account and region of the credentials; given any, bootstrap need not run the app.
    const bootstrap = () =>
      cdk(
        target.config,
        ['bootstrap', 'aws://unknown-account/unknown-region', '--output', `${assembly}.bootstrap`],
        signal,
      );
    await runStep('bootstrapped CDK and synthesised the stack', () => both(bootstrap, synth));
  }
  await runStep(`deployed ${STACK_NAME}`, () =>
    cdk(
      target.config,
      ['deploy', STACK_NAME, '--app', assembly, '--require-approval', 'never', '--method', 'direct'],
      signal,
    ),
  );

  const after = await findStack(target, STACK_NAME);
  if (after === undefined || !isWhole(after)) {
    throw new Error(
      `The stack ${STACK_NAME} at ${target.where} is ${after?.StackStatus ?? 'gone'} after its deployment.`,
    );
  }
  await mkdir(folder, { recursive: true });
  await writeFile(recordFile, record(after, print));
  return after;
}

const isWhole = ({ StackStatus }: Stack) => StackStatus === 'CREATE_COMPLETE' || StackStatus === 'UPDATE_COMPLETE';

/** Names one deployment of one stack: an engine that was restarted, or somebody else's deployment, gives another. */
const record = ({ StackId, CreationTime, LastUpdatedTime }: Stack, print: string) =>
  `${JSON.stringify({ StackId, CreationTime, LastUpdatedTime, fingerprint: print }, null, 2)}\n`;

const readText = (file: string) => readFile(file, 'utf8').catch(() => undefined);

/** Runs two things side by side; both have ended when it returns or throws. */
async function both(one: () => Promise<void>, other: () => Promise<void>): Promise<void> {
  for (const outcome of await Promise.allSettled([one(), other()])) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
}
