import '../provided.ts';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PurgeQueueCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { expect, inject, onTestFinished, test } from 'vitest';
import { engineEnvironment } from '../../../localstack/environment.ts';
import { DASHBOARD_PATH } from '../../../ops/metrics/grafana-dashboard.ts';
import { RULES_PATH } from '../../../ops/metrics/rules-file.ts';
import { expressionsIn } from '../../builders/grafana.ts';
import { freePort, temporaryFolder } from '../../harness/engine.ts';
import { prometheusProgram } from '../../harness/prometheus.ts';
import { startTied } from '../../harness/tied-program.ts';
import { eventually, output, sqs } from '../deployed-shop.ts';

const root = join(import.meta.dirname, '..', '..', '..');

/** Starts the exporter of the shop, with all that it serves. */
async function startExporter(): Promise<string> {
  const target = `127.0.0.1:${await freePort()}`;
  const main = join(root, 'ops', 'main.ts');
  const exporter = startTied([process.execPath, main, 'metrics', '--listen', target, '--cloudwatch'], {
    env: engineEnvironment(inject('endpoint')),
  });
  onTestFinished(exporter.stop);
  return target;
}

type Sample = { metric: Record<string, string>; value: [time: number, value: string] };

/** Starts a Prometheus that scrapes a target every few seconds, with the rules of the shop; returns a function that asks it. */
async function startPrometheus(program: string, target: string) {
  const folder = temporaryFolder('prometheus');
  const config = {
    global: { scrape_interval: '5s', scrape_timeout: '5s', evaluation_interval: '1s' },
    rule_files: [join(root, RULES_PATH)],
    scrape_configs: [{ job_name: 'shop', static_configs: [{ targets: [target] }] }],
  };
  // JSON is YAML.
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const address = `127.0.0.1:${await freePort()}`;
  const prometheus = startTied(
    [
      program,
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
      '--log.level=error',
    ],
    { env: {} },
  );
  onTestFinished(prometheus.stop);
  return async (query: string): Promise<Sample[]> => {
    const answer = await fetch(`http://${address}/api/v1/query?${new URLSearchParams({ query })}`);
    const { error, data } = (await answer.json()) as { error?: string; data?: { result: Sample[] } };
    if (data === undefined) throw new Error(`${query}: ${error}`);
    return data.result;
  };
}

test('a real Prometheus scrapes the shop, goes off for a dead letter, and answers all that the dashboard asks', async ({
  skip,
}) => {
  const [prometheus, promtool] = [prometheusProgram('prometheus', skip), prometheusProgram('promtool', skip)];
  const target = await startExporter();
  const served = await eventually('the exporter answers', async () => {
    const answer = await fetch(`http://${target}/metrics`).catch(() => undefined);
    return answer?.text();
  });
  const { status, stderr } = spawnSync(promtool, ['check', 'metrics'], { input: served, encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);

  const ask = await startPrometheus(prometheus, target);
  const asked = (query: string) => ask(query).catch(() => []);
  const QueueUrl = output('StockDeadLetterQueueUrl');
  onTestFinished(async () => void (await sqs.send(new PurgeQueueCommand({ QueueUrl }))));
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: '{}' }));
  const fired = await eventually('the rule of the dead letter is firing', async () => {
    const alerts = await asked('ALERTS{alertname="ShopStockDeadLetters", alertstate="firing"}');
    return alerts[0];
  });
  expect(fired.metric).toMatchObject({ consumer: 'stock', kind: 'dead-letters' });
  expect(Number((await ask('shop_dead_letters{consumer="stock"}'))[0]?.value[1])).toBeGreaterThan(0);
  expect(await ask('shop_up == 1')).toHaveLength(1);

  const expressions = expressionsIn(JSON.parse(readFileSync(join(root, DASHBOARD_PATH), 'utf8')));
  const names = new Set(
    (await ask('group by (__name__) ({__name__=~"shop_.+"})')).map(({ metric }) => metric.__name__),
  );
  for (const expr of expressions) {
    await ask(expr.replaceAll('$consumer', '.*'));
    for (const [metric] of expr.matchAll(/\bshop_\w+/g)) {
      // Of a shop in which nothing was attempted lately there is none.
      if (!/error_ratio|longest_wait/.test(metric)) expect(names, expr).toContain(metric);
    }
  }
});
