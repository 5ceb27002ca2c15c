import { Hono } from 'hono';
import { onlyFromHere } from '../console/server/access.ts';
import { type Address, metricsUrl } from './address.ts';
import type { Exporter } from './exporter.ts';

/** Of the time that Prometheus waits: it has to get the answer too. */
const ANSWER_WITHIN = 0.9;

/** Builds the server of an exporter; on the loopback it answers only under its own address. */
export function metricsApp(exporter: Exporter, address: Address): Hono {
  const app = new Hono();
  if (address.isLoopback) app.use(onlyFromHere(address));
  app.get('/metrics', async (context) => {
    // https://prometheus.io/docs/instrumenting/writing_exporters/#scheduling
    const seconds = Number(context.req.header('x-prometheus-scrape-timeout-seconds') ?? Number.NaN);
    const registry = await exporter.scrape(seconds > 0 ? seconds * 1_000 * ANSWER_WITHIN : undefined);
    return context.body(await registry.metrics(), 200, {
      'Content-Type': registry.contentType,
      'Cache-Control': 'no-store',
    });
  });
  app.get('/', (context) => context.text(`The metrics of the shop are at ${metricsUrl(address)}\n`));
  return app;
}
