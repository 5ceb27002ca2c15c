import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { build } from 'esbuild';
import { sourceMapEnvironment } from '../../../infra/bundling.ts';
import { peerOptions } from '../../bundles.ts';
import { environmentOf } from '../../local-aws/resources.ts';
import type { Start } from './start-process.ts';

/** The environment variables that any contestant's function reads. */
const environment = (endpoint: string) => ({
  ...environmentOf('cold-start', 'payment', { queues: endpoint, bus: endpoint, store: endpoint }),
  PAYMENTS_TABLE_NAME: 'payments',
  RESERVATIONS_TABLE_NAME: 'reservations',
  NOTIFICATIONS_TABLE_NAME: 'notifications',
  SHIPMENTS_TABLE_NAME: 'shipments',
  ORDER_DEADLINE_SECONDS: '172800',
  REMINDER_SECONDS: '0',
  SETTLE_SECONDS: '300',
  PHONE_DAYS: '30',
  RECORD_DAYS: '0',
  PARKED_DAYS: '90',
  PARKED_LETTERS_QUEUE_URL: `${endpoint}/000000000000/parked`,
  EVENT_SOURCE_MAPPINGS: '{}',
  AWS_ENDPOINT_URL_S3: endpoint,
  BUCKET_NAME: 'archive',
  TEXT_WHEN_PLACED: 'false',
  TEXT_WHEN_SHIPPED: 'false',
  TEXT_WHEN_REFUNDED: 'true',
  SMS_SETTINGS: JSON.stringify({ perDay: 0, maxPrice: '0.50' }),
  PATH: process.env.PATH,
  ...sourceMapEnvironment,
  // Lambda keeps no compile cache between cold starts.
  NODE_DISABLE_COMPILE_CACHE: '1',
});

/** Bundles the measuring process; returns a function that starts a bundle in a new process, against `endpoint`, and times it. */
export async function createStarter(
  outdir: string,
  endpoint: string,
): Promise<(bundle: string, event: object) => Promise<Start>> {
  const file = join(outdir, 'start.js');
  await build({ ...peerOptions, entryPoints: [join(import.meta.dirname, 'start-process.ts')], outfile: file });
  return async (bundle, event) => {
    const child = spawn(process.execPath, [file, bundle, JSON.stringify(event)], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      env: environment(endpoint),
    });
    const [, , errors, results] = child.stdio;
    if (!errors || !results || !('read' in errors) || !('read' in results)) throw new Error('There is no pipe');
    const [output, result] = await Promise.all([text(errors), text(results), once(child, 'exit')]);
    if (result === '') throw new Error(`${bundle} did not handle its first event: ${output.slice(0, 2_000)}`);
    return JSON.parse(result) as Start;
  };
}
