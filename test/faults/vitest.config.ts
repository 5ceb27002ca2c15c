import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { leavePersonalSettings } from '../../../localstack/environment.ts';

// For every worker and every process that a test starts.
leavePersonalSettings();

// One engine, one stack and one set of function processes for all files, so they take turns in one worker.
export default defineConfig({
  root: join(import.meta.dirname, '..', '..'),
  test: {
    name: 'faults',
    include: ['test/faults/**/*.test.ts'],
    globalSetup: ['test/faults/setup.ts'],
    fileParallelism: false,
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    retry: 1,
  },
});
