import type { LoadProgress } from '../../load/monitor.ts';
import type { Latency } from '../../load/result.ts';
import type { TrafficSeries } from '../api/traffic.ts';

/** Points that are drawn at most: more than a chart has room for. */
export const MAX_POINTS = 240;

/** What happened between two moments, in seconds since the start. */
type Point = {
  from: number;
  until: number;
  held: Record<string, number>;
  published: number;
  decided: number;
  latency: Latency;
};

/**
 * Collects what a load reports each second into a series whose length is bounded however long the load is: when it is full, neighbours become one
 * point, which keeps the greatest backlog and latency of both and their orders per second on average.
 */
export class SeriesCollector {
  private points: Point[] = [];
  private shortestSeconds = 0;
  private last = { second: 0, published: 0, decided: 0 };

  add({ second, published, decided, held, latency }: LoadProgress): void {
    const { last } = this;
    const point = {
      from: last.second,
      until: second,
      held,
      published: published - last.published,
      decided: decided - last.decided,
      latency,
    };
    this.last = { second, published, decided };
    const previous = this.points.at(-1);
    if (previous !== undefined && previous.until - previous.from < this.shortestSeconds)
      this.points.splice(-1, 1, merge(previous, point));
    else this.points.push(point);
    if (this.points.length > MAX_POINTS) this.halve();
  }

  series(): TrafficSeries {
    const { points } = this;
    const names = [...new Set(points.flatMap(({ held }) => Object.keys(held)))];
    const latency = (name: keyof Latency) => points.map((point) => point.latency[name]);
    return {
      seconds: points.map(({ until }) => rounded(until)),
      held: Object.fromEntries(names.map((name) => [name, points.map(({ held }) => held[name] ?? 0)])),
      publishedPerSecond: points.map((point) => perSecond(point, point.published)),
      decidedPerSecond: points.map((point) => perSecond(point, point.decided)),
      latency: { p50: latency('p50'), p95: latency('p95'), p99: latency('p99') },
    };
  }

  private halve(): void {
    this.points = Array.from({ length: Math.ceil(this.points.length / 2) }, (_, index) =>
      this.points.slice(index * 2, index * 2 + 2).reduce(merge),
    );
    const [first] = this.points;
    this.shortestSeconds = (this.last.second - (first?.from ?? 0)) / (MAX_POINTS / 2);
  }
}

function merge(one: Point, other: Point): Point {
  const names = Object.keys({ ...one.held, ...other.held });
  return {
    from: one.from,
    until: other.until,
    held: Object.fromEntries(names.map((name) => [name, Math.max(one.held[name] ?? 0, other.held[name] ?? 0)])),
    published: one.published + other.published,
    decided: one.decided + other.decided,
    latency: {
      p50: greatest(one.latency.p50, other.latency.p50),
      p95: greatest(one.latency.p95, other.latency.p95),
      p99: greatest(one.latency.p99, other.latency.p99),
    },
  };
}

const greatest = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? (one ?? other) : Math.max(one, other);

const perSecond = ({ from, until }: Point, count: number): number =>
  until > from ? rounded(count / (until - from)) : count;

const rounded = (value: number): number => Math.round(value * 10) / 10;
