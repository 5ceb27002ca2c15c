import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { build } from 'esbuild';
import { functionOptions } from '../../bundling.ts';
import type { Started } from './started.ts';

/** Whatever any contestant's function asks its environment for. */
const SETTINGS = {
  TABLE_NAME: 'table',
  RESERVATIONS_TABLE_NAME: 'reservations',
  SANDBOX_GATEWAY_TABLE_NAME: 'gateway',
  IDEMPOTENCY_TABLE_NAME: 'idempotency',
  EVENT_BUS_NAME: 'bus',
  QUEUE_URL: 'http://127.0.0.1/000000000000/queue',
  DEAD_LETTER_QUEUE_URL: 'http://127.0.0.1/000000000000/dead-letters',
  LIFECYCLE_TOPIC_ARN: 'arn:aws:sns:us-east-1:000000000000:order-lifecycle.fifo',
  OPEN_ORDERS_INDEX: 'open',
  ORDER_DEADLINE_SECONDS: '172800',
  REMINDER_SECONDS: '0',
  ARCHIVE_DAYS: '30',
  FUNCTION_TIMEOUT_SECONDS: '30',
  TEXT_WHEN_PLACED: 'false',
  SMS_SETTINGS: JSON.stringify({ countries: 'any', perDay: 0, maxPrice: '0.50' }),
  METRICS_NAMESPACE: 'ShopMessaging',
};

/** Takes an empty folder, and the endpoint that all calls go to, and gives what starts a bundle in a new process and times it. */
export async function starter(
  outdir: string,
  endpoint: string,
): Promise<(bundle: string, event: object) => Promise<Started>> {
  const file = join(outdir, 'started.js');
  await build({ ...functionOptions, entryPoints: [join(import.meta.dirname, 'started.ts')], outfile: file });
  const env = {
    ...SETTINGS,
    PATH: process.env.PATH,
    // Lambda keeps none from one start to the next.
    NODE_DISABLE_COMPILE_CACHE: '1',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL: endpoint,
    AWS_LAMBDA_FUNCTION_NAME: 'function',
  };
  return async (bundle, event) => {
    const stdio = ['ignore', 'ignore', 'pipe', 'pipe'] as const;
    const child = spawn(process.execPath, [file, bundle, JSON.stringify(event)], { stdio: [...stdio], env });
    const [, , errors, figures] = child.stdio;
    if (!errors || !figures || !('read' in errors) || !('read' in figures)) throw new Error('There is no pipe');
    const [said, measured] = await Promise.all([text(errors), text(figures), once(child, 'exit')]);
    if (measured === '') throw new Error(`${bundle} did not handle its first event: ${said.slice(0, 2_000)}`);
    return JSON.parse(measured) as Started;
  };
}
