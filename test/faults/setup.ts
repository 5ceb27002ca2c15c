import './provided.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import type { TestProject } from 'vitest/node';
import { startEngine } from '../../localstack/engine.ts';
import { cdk } from '../../ops/up/cdk.ts';
import { freePort } from '../engine/started.ts';

const DEPLOYED_WITHIN_MS = 120_000;

/** Deploys the real stack to an engine of the suite's own, and takes both away in the end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'faults-'));
  const port = await freePort();
  const engine = await startEngine({ name: 'ministack', port, dataDir: join(folder, 'engine'), progress: () => {} });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const config = { endpoint: engine.endpoint, region: 'us-east-1', credentials };
  const assembly = join(folder, 'cdk.out');
  const signal = AbortSignal.timeout(DEPLOYED_WITHIN_MS);
  const end = async () => {
    await engine.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all([
      cdk(config, ['bootstrap', 'aws://unknown-account/unknown-region', '--output', `${assembly}.bootstrap`], signal),
      cdk(config, ['synth', '--quiet', '-c', 'stage=local', '--output', assembly], signal),
    ]);
    const options = ['--app', assembly, '--require-approval', 'never', '--method', 'direct'];
    await cdk(config, ['deploy', 'ShopMessaging', ...options], signal);
    const client = new CloudFormationClient(config);
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: 'ShopMessaging' }));
    const outputs = (Stacks[0]?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]);
    project.provide('engine', 'ministack');
    project.provide('endpoint', engine.endpoint);
    project.provide('outputs', Object.fromEntries(outputs) as Record<string, string>);
    project.provide('assembly', assembly);
  } catch (error) {
    await end();
    throw error;
  }
  return end;
}
