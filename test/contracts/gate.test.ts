import { describe, expect, test } from 'vitest';
import { findBreakingChanges, formatBreakingChange, publishedSchemas } from '../../ops/contracts/generate.ts';

const changes = findBreakingChanges();

describe('A published event contract has no breaking change', () => {
  test.each(publishedSchemas().map(({ title }) => String(title)))('%s', (type) => {
    const found = changes.filter(({ event }) => event === type).map(formatBreakingChange);
    expect(
      found,
      `${found.join('\n')}\nLeave ${type} as it is and define the next version (docs/contracts.md)`,
    ).toEqual([]);
  });
});
