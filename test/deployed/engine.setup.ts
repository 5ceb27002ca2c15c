import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProvidedContext } from 'vitest';
import type { TestProject } from 'vitest/node';
import { type EngineName, startEngine, unavailableReason } from '../../localstack/engine.ts';
import { localTarget } from '../../ops/aws-target.ts';
import { progressPrinter } from '../../ops/progress.ts';
import { deployedShop } from '../../ops/stack.ts';
import { deploy } from '../../ops/up/deploy.ts';
import { missingChromium } from '../console/chromium.ts';
import { freePort } from '../harness/engine.ts';
import './provided.ts';
import { createSecrets } from './suite-secrets.ts';
import { contextOf, readersSettings, suiteSettings } from './suite-settings.ts';
import { startReceiver } from './webhook-receiver.ts';

/** Starts the engine that the project is named after on a port and folders of its own, and deploys the stack. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const name: EngineName = project.name.startsWith('localstack') ? 'localstack' : 'ministack';
  project.provide('turnPort', await freePort());
  const reason = (await unavailableReason(name)) ?? (project.name === 'console' ? missingChromium() : undefined);
  if (reason !== undefined) {
    if (process.env.CI) throw new Error(reason);
    console.warn(`\n!!! The tests of the project ${project.name} are SKIPPED: ${reason}\n`);
    provide(project, { engine: name, endpoint: 'http://127.0.0.1:9', outputs: {}, skip: reason });
    return async () => {};
  }
  const folder = await mkdtemp(join(tmpdir(), `shop-messaging-${name}-`));
  const progress = (line: string) => console.log(`[${project.name}] ${line}`);
  let receiver: Server | undefined;
  const engine = await startEngine({ name, port: await freePort(), dataDir: folder, progress });
  try {
    const target = localTarget(engine.endpoint);
    const webhookPort = await freePort();
    project.provide('webhookPort', webhookPort);
    receiver = await startReceiver(webhookPort);
    await createSecrets(engine.endpoint);
    const { outputs } = deployedShop(
      target,
      await deploy(target, {
        signal: new AbortController().signal,
        folder,
        context: contextOf(project.name === 'partners' ? readersSettings() : suiteSettings(webhookPort)),
        onProgress: progressPrinter(),
      }),
    );
    provide(project, { engine: name, endpoint: engine.endpoint, outputs, skip: '' });
  } catch (error) {
    receiver?.close();
    await engine.stop();
    throw error;
  }
  return async () => {
    await engine.stop();
    receiver?.close();
    await rm(folder, { recursive: true, force: true });
  };
}

function provide(
  project: TestProject,
  context: Pick<ProvidedContext, 'engine' | 'endpoint' | 'outputs' | 'skip'>,
): void {
  project.provide('engine', context.engine);
  project.provide('endpoint', context.endpoint);
  project.provide('outputs', context.outputs);
  project.provide('skip', context.skip);
}
