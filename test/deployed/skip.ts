import { beforeEach, inject } from 'vitest';
import './provided.ts';

// Without an engine every test is skipped with the reason.
beforeEach(({ skip }) => {
  const reason = inject('skip');
  if (reason !== '') skip(reason);
});
