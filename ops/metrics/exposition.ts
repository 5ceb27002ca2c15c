import { Counter, Gauge, Registry } from 'prom-client';
import { families, type ShopReading } from './families.ts';

/** What the exporter knows of itself beside what it read; no `reading`: AWS could not be read. */
export type Exposed = {
  reading: ShopReading | undefined;
  /** How many readings failed since the exporter started. */
  failures: number;
  cloudWatch: boolean;
};

/** The metrics of the exporter itself, which are there whether the shop could be read or not. */
export const OWN_METRICS = {
  up: {
    name: 'shop_up',
    help: 'Whether the shop could be read; where not, only what the exporter knows of itself is there.',
  },
  failures: { name: 'shop_read_failures_total', help: 'Readings of the shop that failed since the exporter started.' },
} as const;

/** Builds what a scrape is answered with: each metric with its help and type, and a sample for all that is known. */
export function exposition({ reading, failures, cloudWatch }: Exposed): Registry {
  const registry = new Registry();
  const registers = [registry];
  new Gauge({ ...OWN_METRICS.up, registers }).set(reading === undefined ? 0 : 1);
  new Counter({ ...OWN_METRICS.failures, registers }).inc(failures);
  if (reading === undefined) return registry;
  for (const family of families) {
    if (family.cloudWatch && !cloudWatch) continue;
    const samples = family.samples(reading);
    const [first] = samples;
    // Without a sample there is nothing to say of a metric, not even 0.
    if (first === undefined) continue;
    const { name, help } = family;
    const gauge = new Gauge({ name, help, labelNames: Object.keys(first.labels), registers });
    for (const { labels, value } of samples) gauge.set(labels, value);
  }
  return registry;
}
