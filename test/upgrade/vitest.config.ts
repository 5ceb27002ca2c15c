import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { leavePersonalSettings } from '../../localstack/environment.ts';
import versions from './versions.json' with { type: 'json' };

// For every worker and every process that a test starts.
leavePersonalSettings();

// One engine and one stack for each older version. Each test goes on where the one before it ended, so none is tried twice.
export default defineConfig({
  root: join(import.meta.dirname, '..', '..'),
  test: {
    projects: versions.map(({ commit }) => ({
      test: {
        name: `upgrade from ${commit.slice(0, 7)}`,
        include: ['test/upgrade/**/*.test.ts'],
        globalSetup: ['test/upgrade/setup.ts'],
        provide: { commit },
        fileParallelism: false,
        // A deployment and a few hundred messages on a busy machine; nothing here is a timed test.
        testTimeout: 600_000,
        hookTimeout: 120_000,
        bail: 1,
      },
    })),
  },
});
