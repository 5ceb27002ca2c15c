import { GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect } from 'vitest';
import { output } from '../deployed/deployed-shop.ts';
import type { Fault } from '../harness/fault-rules.ts';
import { FunctionInstance, type InvocationResult } from '../harness/function-instance.ts';
import { bundleOf, lambda, leadTo } from './deployed-functions.ts';
import type { Harness } from './harness.ts';

/** What may happen to a sweep at a call, in words. */
export const sweepFaults: readonly (readonly [string, Fault])[] = [
  ['is killed before it writes', { kind: 'crash', when: 'before' }],
  ['is killed after it wrote', { kind: 'crash', when: 'after' }],
  ['gets no response', { kind: 'lose-answer' }],
];

/** The sweep's function, which runs when a test says so. */
export type SweepFunction = {
  run(): Promise<InvocationResult>;
  /** Runs the sweep with a fault at its first call of an operation. */
  runStruck(operation: string, fault: Fault): Promise<void>;
  /** Lets so many minutes pass, runs the sweep, and then everybody until no message is left. */
  runAfter(minutes: number): Promise<void>;
};

/** Provides a test file with the sweep. */
export function useSweep(shop: () => Harness, environment: Record<string, string> = {}): SweepFunction {
  let sweep: FunctionInstance;
  beforeAll(async () => {
    const FunctionName = output('SweepFunctionName');
    const { Environment, Timeout = 3 } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    const endpoint = await shop().proxy.open('sweep', { crash: () => sweep.crash() });
    sweep = new FunctionInstance({
      bundle: bundleOf('sweep'),
      environment: { ...leadTo(endpoint, { ...Environment?.Variables }), ...environment },
      timeoutMs: Timeout * 1_000,
      log: () => {},
    });
  });
  afterAll(() => sweep.kill());

  const run = () => sweep.invoke({ Records: [] }, shop().clock.skippedMs);
  return {
    run,
    async runStruck(operation, fault) {
      const rule = { caller: /^sweep/, operation, times: 1, fault };
      shop().proxy.add(rule);
      await run();
      expect(shop().proxy.hits(rule)).toBe(1);
    },
    async runAfter(minutes) {
      await shop().pass(minutes * 60);
      const outcome = await run();
      if (!('result' in outcome)) throw new Error(`The sweep failed: ${JSON.stringify(outcome)}`);
      await shop().settle();
    },
  };
}
