import { defineConfig } from 'vitest/config';

/** One project per kind of test; each is a folder under `test/`. */
const project = (name: string, settings: object = {}) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], ...settings },
});

const SEEDED = { setupFiles: ['test/builders/fixed-seed.ts'] };

// An emulator on a shared machine now and then takes its time: what fails is tried once more, and the report says `(retry x1)`.
const ONCE_MORE = 1;

/** The deployed suite on one engine, which is started for it and ends with it. One file at a time: they share the shop. */
const deployed = (engine: 'ministack' | 'localstack') => ({
  test: {
    name: engine,
    include: ['test/deployed/**/*.test.ts'],
    globalSetup: ['test/deployed/engine.setup.ts'],
    setupFiles: ['test/deployed/skip.ts'],
    fileParallelism: false,
    // LocalStack on a busy machine is slow; nothing here is a timed test.
    testTimeout: 500_000,
    hookTimeout: 120_000,
    retry: ONCE_MORE,
  },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', SEEDED),
      project('contracts', SEEDED),
      // Each test starts commands, in processes of their own.
      project('commands', { testTimeout: 120_000 }),
      // Millions of states; nothing here is a timed test.
      project('exploration', { testTimeout: 300_000 }),
      // Synthesising the stack bundles every function first; CDK takes seconds to load, so the files share it.
      project('infra', { testTimeout: 30_000, hookTimeout: 60_000, isolate: false }),
      // The first start of an engine installs it.
      project('engine', { hookTimeout: 300_000, retry: ONCE_MORE }),
      deployed('ministack'),
      deployed('localstack'),
    ],
  },
});
