import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { ulid } from 'ulid';
import { expect, inject } from 'vitest';
import { constructIdOf } from '../../infra/names.ts';
import type { ConsumerName } from '../../infra/routing.ts';
import { replay } from '../../ops/replay/replay.ts';
import { selectionFor } from '../../ops/replay/select.ts';
import { output, shop, tables } from '../deployed/deployed-shop.ts';
import { lambda } from '../faults/deployed-functions.ts';
import type { TestOrder } from '../harness/shop-state.ts';
import { MISTAKES } from './before.ts';

const run = promisify(execFile);

/** Corrects the dead letters and puts them back by `ops dlq`, as an operator does. */
export async function redriveDeadLetters(): Promise<void> {
  const script = MISTAKES.map(([wrong, right]) => `s/${wrong}/${right}/`).join(';');
  const env = { ...process.env, AWS_ENDPOINT_URL: inject('endpoint'), EDITOR: `sed -i '${script}'`, VISUAL: '' };
  const args = ['ops/main.ts', 'dlq', 'redrive', '--all', '--edit', '--yes', '--json'];
  const { stdout } = await run(process.execPath, args, { cwd: inject('checkouts').head, env });
  expect(JSON.parse(stdout)).toMatchObject({ moved: 5, failed: 0 });
}

const REPLAYED: readonly ConsumerName[] = ['order', 'outcomes', 'payment', 'stock', 'notification', 'shipping'];

/** Forgets an order's record, and replays to each consumer all that was archived until a moment. */
export async function replayToAll(lost: TestOrder, until: Date): Promise<void> {
  const Key = { orderId: lost.orderId };
  await tables.send(new DeleteCommand({ TableName: output('OrdersTableName'), Key }));
  for (const name of REPLAYED) {
    const queue = constructIdOf(name === 'order' ? 'outcomes' : name);
    const { count } = await replay(shop, {
      selection: selectionFor(name),
      from: new Date(0),
      until,
      destination: { queueUrl: output(`${queue}QueueUrl`), name: `replay-${ulid()}`, withEffects: false },
      dryRun: false,
      rate: 1_000,
    });
    expect(count, `events for ${name}`).toBeGreaterThan(0);
  }
}

/** Runs the sweep. */
export async function sweep(): Promise<void> {
  const { FunctionError } = await lambda.send(new InvokeCommand({ FunctionName: output('SweepFunctionName') }));
  expect(FunctionError).toBeUndefined();
}
