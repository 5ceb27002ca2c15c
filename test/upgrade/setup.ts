import './provided.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startEngine } from '../../localstack/engine.ts';
import { freePort } from '../harness/engine.ts';
import { checkOut, copyWorkingTree } from './checkout.ts';
import { deployCheckout } from './deploy.ts';

/** Deploys the older version to an engine of the project's own, and takes all of it away in the end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'upgrade-'));
  const checkouts = { older: join(folder, 'older'), head: join(folder, 'head') };
  const { commit = '' } = project.config.provide;
  let engine: Awaited<ReturnType<typeof startEngine>> | undefined;
  const end = async () => {
    await engine?.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all([checkOut(commit, checkouts.older), copyWorkingTree(checkouts.head)]);
    const port = await freePort();
    engine = await startEngine({ name: 'ministack', port, dataDir: join(folder, 'engine'), progress: () => {} });
    project.provide('engine', 'ministack');
    project.provide('endpoint', engine.endpoint);
    project.provide('outputs', await deployCheckout(checkouts.older, engine.endpoint));
    project.provide('checkouts', checkouts);
  } catch (error) {
    await end();
    throw error;
  }
  return end;
}
