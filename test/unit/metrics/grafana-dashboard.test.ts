import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { families } from '../../../ops/metrics/families.ts';
import { DASHBOARD_PATH, grafanaDashboard } from '../../../ops/metrics/grafana-dashboard.ts';
import { expressionsIn } from '../../builders/grafana.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const dashboard: unknown = JSON.parse(JSON.stringify(grafanaDashboard()));

test('the dashboard is as `npm run generate` writes it', () => {
  expect(JSON.parse(readFileSync(join(root, DASHBOARD_PATH), 'utf8'))).toEqual(dashboard);
});

test('every expression names a metric that the exporter serves, and every metric is shown', () => {
  const expressions = expressionsIn(dashboard);
  const served = [...families.map(({ name }) => name), 'shop_up'];
  const shown = new Set(expressions.flatMap((expr) => [...expr.matchAll(/\bshop_\w+/g)].map(([metric]) => metric)));
  for (const metric of shown) expect(served).toContain(metric);
  for (const expr of expressions) expect(expr).toMatch(/\bshop_\w+/);
  const elsewhere = ['shop_consumer_paused_timestamp_seconds'];
  expect([...served].filter((name) => !shown.has(name))).toEqual(elsewhere);
});
