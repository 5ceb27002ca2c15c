import type { ConsumerName } from '../infra/routing.ts';
import type { FunctionPool } from './function-pool.ts';
import type { LocalAws } from './local-aws/local-aws.ts';
import { assertInvariants, createWorkload, placeWorkload, type Workload } from './workload.ts';

/** CPU milliseconds per order of each consumer. */
export type CpuPerOrder = ReadonlyMap<ConsumerName, number>;

type DrainOptions = Parameters<FunctionPool['drain']>;

/** Lets a pool handle a workload and checks the invariants; returns the invocations of each consumer and the log. */
export async function runWorkload(aws: LocalAws, pool: FunctionPool, workload: Workload, ...how: DrainOptions) {
  pool.takeLog();
  await placeWorkload(aws, pool.shop, workload);
  const invocations = await pool.drain(...how);
  const log = pool.takeLog();
  await assertInvariants(aws, pool.shop, [workload], log);
  return { invocations, log };
}

/** Lets a pool handle new orders; returns the CPU time of its processes per order. */
export async function measureCpu(aws: LocalAws, pool: FunctionPool, orders: number, batchSize: number) {
  const before = pool.cpuMs();
  await runWorkload(aws, pool, createWorkload(orders), batchSize);
  return new Map([...pool.cpuMs()].map(([name, ms]) => [name, (ms - (before.get(name) ?? 0)) / orders]));
}

export const totalCpu = (cpu: CpuPerOrder): number => [...cpu.values()].reduce((sum, one) => sum + one, 0);
