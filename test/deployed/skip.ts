import { beforeEach, inject } from 'vitest';
import './provided.ts';

// Where the engine cannot run, every test is counted as skipped and says why.
beforeEach((context) => {
  const reason = inject('skip');
  if (reason !== '') context.skip(reason);
});
