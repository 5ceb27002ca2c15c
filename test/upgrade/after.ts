import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { ulid } from 'ulid';
import { expect, inject } from 'vitest';
import { orderDispatched, orderRefundRequested, orderShipped } from '../../contracts/order.ts';
import { paymentRefunded } from '../../contracts/payment.ts';
import { stockReturned } from '../../contracts/stock.ts';
import { constructIdOf } from '../../infra/names.ts';
import type { ConsumerName } from '../../infra/routing.ts';
import { engineEnvironment } from '../../localstack/environment.ts';
import type { Span } from '../../ops/replay/archive.ts';
import { replay } from '../../ops/replay/replay.ts';
import { type ReplaySelection, selectionFor } from '../../ops/replay/select.ts';
import { output, shop, tables } from '../deployed/deployed-shop.ts';
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
  const env = { ...engineEnvironment(inject('endpoint')), EDITOR: editor, VISUAL: '' };
  const command = ['ops/main.ts', 'dlq', ...args, '--yes', '--json'];
  return JSON.parse((await run(process.execPath, command, { cwd: inject('checkouts').head, env })).stdout);
}

const REPLAYED: readonly ConsumerName[] = ['order', 'outcomes', 'payment', 'stock', 'notification', 'shipping'];

/** What a consumer of this version understands and one of 0.3.0 does not; the `ops replay` of that version leaves it out. */
const NOT_UNDERSTOOD_BEFORE: Partial<Record<ConsumerName, readonly string[]>> = {
  order: [orderShipped.type, orderRefundRequested.type, stockReturned.type],
  outcomes: [stockReturned.type],
  payment: [orderRefundRequested.type, orderDispatched.type],
  stock: [orderRefundRequested.type, orderDispatched.type],
  notification: [orderDispatched.type, paymentRefunded.type],
};

function selectionOf(version: 'older' | 'head', name: ConsumerName): ReplaySelection {
  const selection = selectionFor(name);
  if (version === 'head') return selection;
  const contracts = selection.contracts.filter(({ type }) => NOT_UNDERSTOOD_BEFORE[name]?.includes(type) !== true);
  return { ...selection, contracts };
}

/** Forgets an order's record, and replays to each consumer all that was archived in a span and that the deployed version understands. */
export async function replayToAll(version: 'older' | 'head', lost: TestOrder, span: Span): Promise<void> {
  const Key = { orderId: lost.orderId };
  await tables.send(new DeleteCommand({ TableName: output('OrdersTableName'), Key }));
  for (const name of REPLAYED) {
    const queue = constructIdOf(name === 'order' ? 'outcomes' : name);
    const { count } = await replay(shop, {
      selection: selectionOf(version, name),
      ...span,
      destination: { queueUrl: output(`${queue}QueueUrl`), name: `replay-${ulid()}`, withEffects: false },
      dryRun: false,
      rate: 1_000,
    });
    expect(count, `events for ${name}`).toBeGreaterThan(0);
  }
}
