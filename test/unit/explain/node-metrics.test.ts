import { expect, test } from 'vitest';
import { valuesAt } from '../../../ops/explain/node-metrics.ts';

const at = (minute: number) => new Date(Date.UTC(2026, 10, 27, 18, minute));

test('a minute in which nothing was measured has no value, and one in which nothing happened has 0', () => {
  const datapoints = [
    { time: at(2), value: 7 },
    { time: at(0), value: 0 },
  ];
  expect(valuesAt([at(0), at(1), at(2)], datapoints)).toEqual([0, null, 7]);
});
