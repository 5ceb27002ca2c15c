import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { leavePersonalSettings } from './localstack/environment.ts';
import { AlternateEngines } from './test/deployed/alternate-engines.ts';

// For every worker and every process that a test starts.
leavePersonalSettings();

/** What takes longer than a loop of change and test may: it is left out of the projects of its folder, and is the project `slow`. */
const SLOW = '**/*.slow.test.ts';

/** One project per kind of test; each is a folder under `test/`. */
const project = (name: string, settings: object = {}) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], exclude: [SLOW], ...settings },
});

// Loading the modules anew for each of hundreds of files would take twice as long as the tests, so a worker's files share them, and
// leave no spy behind.
const SHARED = { isolate: false, restoreMocks: true };
const SEEDED = { ...SHARED, setupFiles: ['test/builders/fixed-seed.ts'] };
// Synthesising the stack bundles every function first.
const SYNTHESISING = { testTimeout: 30_000, hookTimeout: 60_000 };

// An emulator on a shared machine now and then takes its time: what fails is tried once more, and the report says `(retry x1)`.
const ONCE_MORE = 1;

/**
 * A part of the deployed suite on one engine, which is started for it and ends with it. One file at a time on each: they share its shop.
 * `npm test` runs what is directly in the folder on both engines, `npm run test:faults` what is in `extended/` on MiniStack.
 */
const deployed = (name: 'ministack' | 'localstack' | 'ministack-extended' | 'localstack-extended') => ({
  test: {
    name,
    include: [name.endsWith('-extended') ? 'test/deployed/extended/*.test.ts' : 'test/deployed/*.test.ts'],
    globalSetup: ['test/deployed/engine.setup.ts'],
    setupFiles: ['test/deployed/skip.ts', 'test/deployed/one-file-per-engine.ts'],
    // LocalStack on a busy machine is slow; nothing here is a timed test.
    testTimeout: 500_000,
    hookTimeout: 120_000,
    retry: ONCE_MORE,
  },
});

// Which of these a command runs is in package.json.
export default defineConfig({
  test: {
    // One more than there are cores: an engine waits more than it works.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: AlternateEngines },
    projects: [
      project('unit', SEEDED),
      project('contracts', SEEDED),
      // Each test starts commands, in processes of their own.
      project('commands', { testTimeout: 120_000 }),
      // Millions of states; nothing here is a timed test.
      project('exploration', { testTimeout: 300_000 }),
      project('infra', { ...SHARED, ...SYNTHESISING }),
      project('slow', { ...SEEDED, ...SYNTHESISING, include: [`test/${SLOW}`], exclude: [] }),
      // The first start of an engine installs it.
      project('engine', { hookTimeout: 300_000, retry: ONCE_MORE }),
      deployed('ministack'),
      deployed('localstack'),
      deployed('ministack-extended'),
      deployed('localstack-extended'),
      // The real console and a real Chromium on one engine; without a Chromium they are skipped.
      project('console', {
        globalSetup: ['test/deployed/engine.setup.ts'],
        setupFiles: ['test/deployed/skip.ts', 'test/deployed/one-file-per-engine.ts'],
        testTimeout: 180_000,
        hookTimeout: 120_000,
        retry: ONCE_MORE,
      }),
      // One engine and one stack for all files, each of which has queues of its own. The first run builds the readers.
      project('partners', {
        globalSetup: ['test/deployed/engine.setup.ts'],
        setupFiles: ['test/deployed/skip.ts'],
        testTimeout: 120_000,
        hookTimeout: 600_000,
        retry: ONCE_MORE,
      }),
      // One engine, one stack and one set of function processes for all files, so they take turns in one worker.
      project('faults', {
        globalSetup: ['test/faults/setup.ts'],
        testTimeout: 60_000,
        hookTimeout: 60_000,
        isolate: false,
        maxWorkers: 1,
        sequence: { groupOrder: 1 },
        retry: ONCE_MORE,
      }),
    ],
  },
});
