import { expect, test } from 'vitest';
import { recentKeys } from '../../../ops/replay/recent-keys.ts';

test('the latest keys are remembered, as many as the limit, and older ones are forgotten', () => {
  const keys = recentKeys(10);
  for (let n = 0; n < 1_000; n += 1) {
    keys.set(`k-${n}`, `v-${n}`);
    for (let recent = Math.max(0, n - 9); recent <= n; recent += 1) expect(keys.get(`k-${recent}`)).toBe(`v-${recent}`);
    if (n >= 20) expect(keys.get(`k-${n - 20}`)).toBeUndefined();
  }
});
