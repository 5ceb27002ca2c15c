import './provided.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startEngine } from '../../localstack/engine.ts';
import { localTarget } from '../../ops/aws-target.ts';
import { progressPrinter } from '../../ops/progress.ts';
import { deployedShop } from '../../ops/stack.ts';
import { deploy } from '../../ops/up/deploy.ts';
import { freePort } from '../harness/engine.ts';

const DEPLOYED_WITHIN_MS = 120_000;

/** Deploys the real stack to an engine of the suite's own, and takes both away in the end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'faults-'));
  const port = await freePort();
  const engine = await startEngine({ name: 'ministack', port, dataDir: join(folder, 'engine'), progress: () => {} });
  const end = async () => {
    await engine.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const target = localTarget(engine.endpoint);
    const { outputs } = deployedShop(
      target,
      await deploy(target, { signal: AbortSignal.timeout(DEPLOYED_WITHIN_MS), folder, onProgress: progressPrinter() }),
    );
    project.provide('engine', 'ministack');
    project.provide('endpoint', engine.endpoint);
    project.provide('outputs', outputs);
    project.provide('assembly', join(folder, 'cdk.out'));
  } catch (error) {
    await end();
    throw error;
  }
  return end;
}
