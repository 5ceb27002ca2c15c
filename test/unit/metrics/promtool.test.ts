import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exposition } from '../../../ops/metrics/exposition.ts';
import { OWN_RULES_PATH, RULES_PATH } from '../../../ops/metrics/rules-file.ts';
import { busyReading } from '../../builders/shop-reading.ts';
import { prometheusProgram } from '../../harness/prometheus.ts';

const root = join(import.meta.dirname, '..', '..', '..');

function promtool(skip: (reason: string) => never, args: readonly string[], input = '') {
  const { status, stdout, stderr } = spawnSync(prometheusProgram('promtool', skip), args, { cwd: root, input });
  return { status, said: `${stdout}${stderr}` };
}

test.for([
  ['a shop', busyReading],
  ['a shop that cannot be read', undefined],
] as const)(
  'the metrics of %s are as Prometheus wants them: names, units, help and types',
  async ([, reading], { skip }) => {
    const text = await exposition({ reading, failures: 1, cloudWatch: true }).metrics();
    expect(promtool(skip, ['check', 'metrics'], text)).toEqual({ status: 0, said: '' });
  },
);

test.for([RULES_PATH, OWN_RULES_PATH])('%s has rules that Prometheus takes', (path, { skip }) => {
  const { status, said } = promtool(skip, ['check', 'rules', path]);
  expect(said).toContain('SUCCESS');
  expect(status).toBe(0);
});

test('the rules go off when they should, and not before', ({ skip }) => {
  const { status, said } = promtool(skip, ['test', 'rules', join(import.meta.dirname, 'rules.test.yml')]);
  expect(status, said).toBe(0);
});
