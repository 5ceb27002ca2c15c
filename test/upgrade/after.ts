import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { ulid } from 'ulid';
import { expect, inject } from 'vitest';
import { constructIdOf } from '../../infra/names.ts';
import type { ConsumerName } from '../../infra/routing.ts';
import type { Span } from '../../ops/replay/archive.ts';
import { replay } from '../../ops/replay/replay.ts';
import { selectionFor } from '../../ops/replay/select.ts';
import { output, shop, tables } from '../deployed/deployed-shop.ts';
import { lambda } from '../faults/deployed-functions.ts';
import type { TestOrder } from '../harness/shop-state.ts';
import { DEAD_LETTERS, MISTAKES } from './before.ts';

const run = promisify(execFile);

/** Corrects the dead letters and puts them back by `ops dlq`, as an operator does. */
export async function redriveDeadLetters(): Promise<void> {
  const script = MISTAKES.map(([wrong, right]) => `s/${wrong}/${right}/`).join(';');
  expect(await dlq(['redrive', '--all', '--edit'], `sed -i '${script}'`)).toMatchObject({
    moved: DEAD_LETTERS,
    failed: 0,
  });
}

/** Discards the dead letters of a consumer; returns how many there were. */
export async function discardDeadLetters(consumer: ConsumerName): Promise<number> {
  const file = join(inject('checkouts').head, `discarded-${ulid()}.jsonl`);
  return (await dlq(['discard', '--consumer', consumer, '--to', file])).discarded ?? 0;
}

async function dlq(args: readonly string[], editor = ''): Promise<Record<string, number>> {
  const env = { ...process.env, AWS_ENDPOINT_URL: inject('endpoint'), EDITOR: editor, VISUAL: '' };
  const command = ['ops/main.ts', 'dlq', ...args, '--yes', '--json'];
  return JSON.parse((await run(process.execPath, command, { cwd: inject('checkouts').head, env })).stdout);
}

const REPLAYED: readonly ConsumerName[] = ['order', 'outcomes', 'payment', 'stock', 'notification', 'shipping'];

/** Forgets an order's record, and replays to each consumer all that was archived in a span. */
export async function replayToAll(lost: TestOrder, span: Span): Promise<void> {
  const Key = { orderId: lost.orderId };
  await tables.send(new DeleteCommand({ TableName: output('OrdersTableName'), Key }));
  for (const name of REPLAYED) {
    const queue = constructIdOf(name === 'order' ? 'outcomes' : name);
    const { count } = await replay(shop, {
      selection: selectionFor(name),
      ...span,
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
