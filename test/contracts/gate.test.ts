import { describe, expect, test } from 'vitest';
import {
  findBreakingChanges,
  formatBreakingChange,
  publishedSchemas,
  releasedSchemas,
} from '../../ops/contracts/generate.ts';

const changes = findBreakingChanges();

const types = new Set([...publishedSchemas(), ...releasedSchemas()].map(({ title }) => String(title)));

test('The events of 0.3.0 are kept', () => {
  expect(releasedSchemas().length).toBeGreaterThanOrEqual(23);
});

describe('A published event contract has no breaking change', () => {
  test.each([...types])('%s', (type) => {
    const found = changes.filter(({ event }) => event === type).map(formatBreakingChange);
    expect(
      found,
      `${found.join('\n')}\nLeave ${type} as it is and define the next version (docs/contracts.md)`,
    ).toEqual([]);
  });
});
