import { once } from 'node:events';
import { createAdaptorServer } from '@hono/node-server';
import { type Command, InvalidArgumentError } from 'commander';
import { type ShopOptions, shopCommand } from '../command.ts';
import { untilEnded } from '../interruption.ts';
import { printWhole } from '../output.ts';
import { printNotice } from '../progress.ts';
import { connectToShop, type DeployedShop } from '../stack.ts';
import { describePlace } from '../where.ts';
import { type Address, DEFAULT_ADDRESS, metricsUrl, parseAddress } from './address.ts';
import { metricsApp } from './app.ts';
import { costSentence } from './cost.ts';
import { type Exporter, newExporter } from './exporter.ts';
import { shopReader } from './reading.ts';

type Options = ShopOptions & { listen?: Address | true; cloudwatch?: boolean; allowRemote?: boolean };

/** Whoever scrapes the same shop twice, as a pair of Prometheus servers does, pays once. */
const FRESH_MS = { aws: 10_000, engine: 1_000 };

/** Builds `ops metrics`. */
export function metricsCommand(): Command {
  return shopCommand(
    'metrics',
    'Print how the shop is doing as metrics for Prometheus, or serve them with --listen.',
    'metrics --listen 127.0.0.1:9464',
    'metrics --aws > /var/lib/node_exporter/shop.prom',
  )
    .option('--listen [address]', `serve them at http://<address>/metrics; ${DEFAULT_ADDRESS} unless told`, address)
    .option('--cloudwatch', "also read CloudWatch's metrics and alarms, and the functions' logs: rates, ages, breakers")
    .option('--allow-remote', 'listen on an address that other machines reach')
    .action(metrics);
}

function address(text: string): Address {
  try {
    return parseAddress(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : '');
  }
}

async function metrics({ json, aws, listen, cloudwatch: cloudWatch = false, allowRemote }: Options): Promise<void> {
  const at = listen === true ? parseAddress(DEFAULT_ADDRESS) : listen;
  if (at !== undefined && !at.isLoopback && !allowRemote) {
    throw new Error(
      `${at.host} is reached from other machines, and the metrics have neither a password nor TLS: say --allow-remote where only those who may read them reach it.`,
    );
  }
  const find = () => connectToShop({ aws });
  const shop = await find();
  const exporter = newExporter(shopReader(shop, find, { cloudWatch }), {
    cloudWatch,
    freshMs: shop.local ? FRESH_MS.engine : FRESH_MS.aws,
    tell: printNotice,
  });
  if (at === undefined) await printOnce(exporter, json);
  else await serve(shop, exporter, at, { json, cloudWatch });
}

/** Prints one scrape; exits with 1 where the shop could not be read, which the metrics then say. */
async function printOnce(exporter: Exporter, json: boolean | undefined): Promise<void> {
  const registry = await exporter.scrape();
  const values = await registry.getMetricsAsJSON();
  printWhole(json ? JSON.stringify(values, null, 2) : (await registry.metrics()).trimEnd());
  if (values.some(({ name, values: [up] }) => name === 'shop_up' && up?.value === 0)) process.exitCode = 1;
}

async function serve(
  shop: DeployedShop,
  exporter: Exporter,
  at: Address,
  { json, cloudWatch }: { json: boolean | undefined; cloudWatch: boolean },
): Promise<void> {
  const server = createAdaptorServer(metricsApp(exporter, at));
  server.listen(at.port, at.host);
  try {
    await once(server, 'listening');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    throw new Error(`Port ${at.port} of ${at.host} is taken: name another one with --listen.`, { cause: error });
  }
  const url = metricsUrl(at);
  printWhole(json ? JSON.stringify({ url }) : `Metrics: ${url}`);
  if (!json) printNotice(`${describePlace(shop)}; Ctrl-C ends it. ${costSentence(shop, { cloudWatch })}`);
  await untilEnded();
  // At once, whatever is being read: there is nothing to finish.
  process.exit(0);
}
