import { describe, expect, test } from 'vitest';
import { MAX_POINTS, SeriesCollector } from '../../../ops/console/server/traffic-series.ts';
import type { LoadProgress } from '../../../ops/load/monitor.ts';

const progress = (second: number, overrides: Partial<LoadProgress> = {}): LoadProgress => ({
  second,
  published: 0,
  decided: 0,
  held: {},
  latency: { p50: null, p95: null, p99: null },
  ...overrides,
});

describe('The series of a load', () => {
  test('has orders per second for the time between two samples, however long that is', () => {
    const collector = new SeriesCollector();
    collector.add(progress(0.1));
    collector.add(progress(1.1, { published: 20, decided: 5 }));
    collector.add(progress(3.1, { published: 60, decided: 45 }));

    const { seconds, publishedPerSecond, decidedPerSecond } = collector.series();

    expect(seconds).toEqual([0.1, 1.1, 3.1]);
    expect(publishedPerSecond).toEqual([0, 20, 20]);
    expect(decidedPerSecond).toEqual([0, 5, 20]);
  });

  test('is as long as it may be after a day, and evenly spaced', () => {
    const collector = new SeriesCollector();
    for (let second = 1; second <= 86_400; second += 1) collector.add(progress(second, { published: second * 10 }));

    const { seconds, publishedPerSecond } = collector.series();

    expect(seconds.length).toBeLessThanOrEqual(MAX_POINTS);
    expect(seconds.length).toBeGreaterThanOrEqual(MAX_POINTS / 2 - 1);
    expect(seconds.at(-1)).toBe(86_400);
    expect(new Set(publishedPerSecond)).toEqual(new Set([10]));
    const steps = seconds.slice(1, -1).map((second, index) => second - (seconds[index] ?? 0));
    expect(Math.max(...steps)).toBeLessThanOrEqual(2 * Math.min(...steps));
  });

  test.each([77, 78, 79, 80])('keeps the worst of what becomes one point, here of second %d', (peak) => {
    const collector = new SeriesCollector();
    for (let second = 1; second <= 1_000; second += 1) {
      const isPeak = second === peak;
      const latency = isPeak ? { p50: 400, p95: 900, p99: 1_500 } : { p50: 20, p95: null, p99: null };
      collector.add(progress(second, { held: { payment: isPeak ? 900 : 1 }, latency }));
    }

    const { held, latency } = collector.series();

    expect(Math.max(...(held.payment ?? []))).toBe(900);
    expect(Math.max(...latency.p50.map(Number))).toBe(400);
    expect(latency.p99.filter((value) => value !== null)).toEqual([1_500]);
  });

  test('has a value of each consumer for each moment, also of one that was not there at first', () => {
    const collector = new SeriesCollector();
    collector.add(progress(1, { held: { stock: 3 } }));
    collector.add(progress(2, { held: { stock: 2, loyalty: 4 } }));

    expect(collector.series().held).toEqual({ stock: [3, 2], loyalty: [0, 4] });
  });
});
