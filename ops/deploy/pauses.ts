import type { AwsTarget } from '../aws-target.ts';
import { findConsumerQueues } from '../consumers.ts';
import { toUserMessage } from '../errors.ts';
import { pauseConsumer, pauseInForce, readPauseState } from '../pause/pause.ts';
import { type ConsumerPause, readPauses } from '../pause/paused-consumers.ts';
import { describePause, isSamePause } from '../pause/record.ts';
import { type DeployedShop, deployedShop, findStack } from '../stack.ts';
import { clean } from './format.ts';
import type { Work } from './prepare.ts';

/**
 * Runs a deployment and keeps what is paused: reads the pauses before, and afterwards, also where it failed, pauses again what it enabled,
 * replaced or forgot. What is enabled in between takes messages, and a notice says so.
 */
export async function keepingPauses<T>(
  target: AwsTarget,
  stackName: string,
  work: Work,
  deploy: () => Promise<T>,
): Promise<T> {
  const deployed = await findStack(target, stackName);
  const before = deployed === undefined ? [] : await readPauses(deployedShop(target, deployed));
  const restore = async () => {
    const stack = before.length === 0 ? undefined : await findStack(target, stackName);
    if (stack !== undefined) await restorePauses(deployedShop(target, stack), before, work);
  };
  try {
    const result = await deploy();
    await restore();
    return result;
  } catch (error) {
    // After Ctrl-C CloudFormation goes on, and what it enables shows in `status`.
    if (!work.signal.aborted) {
      await restore().catch((another: unknown) =>
        work.onProgress({ kind: 'notice', text: `! what was paused may be enabled now: ${toUserMessage(another)}` }),
      );
    }
    throw error;
  }
}

/** Pauses consumers again as they were paused before, where they no longer are, and says so. */
export async function restorePauses(
  shop: DeployedShop,
  before: readonly ConsumerPause[],
  { signal, onProgress }: Work,
): Promise<void> {
  const deployed = findConsumerQueues(shop.outputs).map(({ consumer }) => consumer);
  for (const { consumer, pause } of before) {
    const notice = (text: string) => onProgress({ kind: 'notice', text: clean(text) });
    if (!deployed.includes(consumer)) {
      notice(`! ${consumer}, which was ${describePause(pause)}, is not deployed any more`);
      continue;
    }
    const state = await readPauseState(shop, consumer);
    const now = pauseInForce(state);
    if (now !== undefined && isSamePause(now, pause)) {
      notice(`${consumer} is still ${describePause(pause)}`);
      continue;
    }
    await pauseConsumer(shop, state, pause, { signal, onProgress });
    notice(
      `! the deployment enabled ${consumer}, or replaced its queue or mapping: it is paused again, and may have taken messages in between`,
    );
  }
}

/** Formats the pauses as lines of a plan; `undefined` where this role may not read them. */
export const formatPauses = (pauses: readonly ConsumerPause[] | undefined): string[] =>
  pauses === undefined
    ? ['  what is paused stays paused; which consumers are could not be read']
    : pauses.map(({ consumer, pause }) => clean(`  ${consumer} is ${describePause(pause)}, and stays so`));
