import { expect, test } from 'vitest';
import { daysLeftTag, lifetimesInDays } from '../../../lambdas/archive/lifetime.ts';

const ARRIVAL = '2026-11-01T09:00:00.000Z';
const after = (days: number) => new Date(Date.parse(ARRIVAL) + days * 86_400_000);

test('An object that is rewritten expires on the day on which it would have', () => {
  expect(daysLeftTag(ARRIVAL, 30, after(0))).toBe('days-left=30');
  expect(daysLeftTag(ARRIVAL, 30, after(12.5))).toBe('days-left=18');
  expect(daysLeftTag(ARRIVAL, 30, after(29.9))).toBe('days-left=1');
  expect(daysLeftTag(ARRIVAL, 30, after(31))).toBe('days-left=1');
});

test('A long archive has a hundred lifetimes, so that its objects live at most a hundredth longer', () => {
  expect(lifetimesInDays(3)).toEqual([1, 2, 3]);
  for (const days of [1, 30, 100, 101, 365, 3_650]) {
    const lifetimes = lifetimesInDays(days);
    expect(lifetimes.length).toBeLessThanOrEqual(100);
    expect(lifetimes.at(-1)).toBe(days);
  }
  expect(daysLeftTag(ARRIVAL, 3_650, after(1))).toBe('days-left=3650');
  expect(daysLeftTag(ARRIVAL, 3_650, after(1_000))).toBe('days-left=2664');
});
