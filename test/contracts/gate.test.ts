import { describe, expect, test } from 'vitest';
import { broken, published, told } from '../../ops/contracts/generate.ts';

const breaks = broken();

describe('A published event contract has no breaking change', () => {
  test.each(published().map(({ title }) => String(title)))('%s', (type) => {
    const found = breaks.filter(({ event }) => event === type).map(told);
    expect(
      found,
      `${found.join('\n')}\nLeave ${type} as it is and define the next version (docs/contracts.md)`,
    ).toEqual([]);
  });
});
