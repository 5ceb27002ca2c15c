import { join } from 'node:path';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { toUserMessage } from '../errors.ts';
import { findFunctions } from '../functions.ts';
import type { DeployedShop } from '../stack.ts';
import type { OnProgress } from '../steps.ts';
import { fingerprint } from './fingerprint.ts';
import { noteUpdated, readEntries } from './updated-functions.ts';
import { WatchSession } from './watch-session.ts';

const root = join(import.meta.dirname, '..', '..');
const TEMPLATE_SOURCES = ['contracts', 'infra', 'settings', 'cdk.json'];

export type WatchOptions = {
  /** Deploys what was saved. */
  up: () => Promise<DeployedShop>;
  /** Called once what was saved last is deployed, and saves are waited for. */
  onReady: () => void;
  signal: AbortSignal;
  onProgress: OnProgress;
};

/**
 * Deploys the shop to the engine, and puts saved code into its functions, until the signal is aborted; what changes the template is deployed. Not by `cdk
 * watch`, nor its hotswap, which do both on an engine, too: every save takes them a synthesis and a publication of all assets (2.1148.1: 4 s on an idle
 * machine, 15 s on a busy one), and a syntax error is forty lines of a stack trace.
 */
export async function watchShop({ up, onReady, signal, onProgress }: WatchOptions): Promise<never> {
  const notify = (text: string) => onProgress({ kind: 'notice', text });
  let session = await deployAndWatch(up, notify);
  try {
    for (;;) {
      onReady();
      await session.updateUntilTemplateChanges(signal);
      notify('… the template changed: deploying it');
      const next = await deployAndWatch(up, notify).catch((error: unknown) => {
        signal.throwIfAborted();
        notify(`✗ ${toUserMessage(error)}\n  What was deployed runs on.`);
      });
      if (next === undefined) continue;
      await session.end();
      session = next;
    }
  } finally {
    await session.end();
  }
}

async function deployAndWatch(up: () => Promise<DeployedShop>, notify: (text: string) => void): Promise<WatchSession> {
  const before = await fingerprints();
  const shop = await up();
  const session = await WatchSession.begin({
    functions: await findFunctions(shop),
    entries: await readEntries(),
    lambda: new LambdaClient(shop.config),
    beforeUpdate: (names) => noteUpdated(shop, names),
    notify,
  });
  const after = await fingerprints();
  // A deployment takes a while, and somebody may have saved meanwhile.
  if (after.all !== before.all) session.distrust({ template: after.template !== before.template });
  return session;
}

const fingerprints = async () => ({
  all: await fingerprint(root),
  template: await fingerprint(root, TEMPLATE_SOURCES),
});
