import '../provided.ts';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DynamoDBClient,
  RestoreTableToPointInTimeCommand,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetCommand, paginateScan } from '@aws-sdk/lib-dynamodb';
import { ulid } from 'ulid';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { catalog } from '../../../contracts/catalog.ts';
import { audit } from '../../../ops/audit/audit.ts';
import { connectTables } from '../../../ops/audit/connect.ts';
import { nextPause, pauseConsumer, readPauseState, resumeConsumer } from '../../../ops/pause/pause.ts';
import { replay } from '../../../ops/replay/replay.ts';
import type { ReplaySelection } from '../../../ops/replay/select.ts';
import { selectionFor } from '../../../ops/replay/select.ts';
import { deployedShop, findStack, STACK_NAME } from '../../../ops/stack.ts';
import { readSweepTimes } from '../../../ops/sweep-times.ts';
import { copyCheckout, runDeploy } from '../checkout.ts';
import {
  capturedOnce,
  chargesOf,
  eventually,
  output,
  paymentIs,
  placed,
  publish,
  queueUrl,
  setStock,
  shelfOf,
  shop,
  tables,
  testOrder,
  voidedOnce,
  waitForEmptyQueues,
} from '../deployed-shop.ts';
import { suiteSettings } from '../suite-settings.ts';

// docs/restore.md, step by step, with the tables of orders and payments.
const CONSUMERS = ['order', 'outcomes', 'payment'] as const;
const own = { orders: output('OrdersTableName'), payments: output('PaymentsTableName') };
let restored = { orders: '', payments: '' };
const dynamo = new DynamoDBClient(shop.config);
let checkout = '';

beforeAll(async () => {
  if (inject('skip') === '') checkout = await copyCheckout();
});

afterAll(async () => {
  if (checkout !== '') await rm(checkout, { recursive: true, force: true });
});

async function pause(): Promise<void> {
  for (const consumer of CONSUMERS) {
    const state = await readPauseState(shop, consumer);
    const record = nextPause(state, { by: 'an operator', reason: 'restore orders and payments' }, new Date());
    await pauseConsumer(shop, state, record);
  }
}

async function resume(): Promise<void> {
  for (const consumer of CONSUMERS) await resumeConsumer(shop, await readPauseState(shop, consumer));
}

/** Goes back to the tables of the stack, which other tests know. */
async function goBack(): Promise<void> {
  await resume();
  const { code, said } = await deploy({});
  expect(code, said).toBe(0);
}

/** Deploys the suite's own shop with these tables. */
async function deploy(restoredTables: object, ...args: string[]) {
  const file = join(checkout, 'settings', 'local.json');
  const settings = {
    ...JSON.parse(await readFile(file, 'utf8')),
    ...suiteSettings(inject('webhookPort')),
    restoredTables,
  };
  await writeFile(file, JSON.stringify(settings));
  return runDeploy(checkout, 'local', '--change', 'restoredTables', ...args);
}

/** Runs a command of `aws dynamodb` as a sentence names it. */
async function runCommand(command: string): Promise<void> {
  const [, operation = '', options = ''] = /^aws dynamodb (\S+) (.*)$/.exec(command) ?? [];
  const given = Object.fromEntries(
    [...options.matchAll(/--(\S+) (\S+)/g)].map(([, name = '', value = '']) => [name, value]),
  );
  const parts = (value = '') =>
    Object.fromEntries(
      value
        .split(',')
        .map((one) => one.split('='))
        .map(([name, is]) => [name, is === 'true' || is]),
    );
  const TableName = given['table-name'];
  switch (operation) {
    case 'update-table':
      await dynamo.send(new UpdateTableCommand({ TableName, SSESpecification: parts(given['sse-specification']) }));
      return;
    case 'update-continuous-backups': {
      const PointInTimeRecoverySpecification = parts(given['point-in-time-recovery-specification']);
      await dynamo.send(new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification } as never));
      return;
    }
    case 'update-time-to-live': {
      const TimeToLiveSpecification = parts(given['time-to-live-specification']);
      await dynamo.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification } as never));
      return;
    }
    default:
      throw new Error(`Unknown command: ${command}`);
  }
}

async function itemsOf(TableName: string): Promise<unknown[]> {
  const items: Record<string, unknown>[] = [];
  for await (const { Items = [] } of paginateScan({ client: tables }, { TableName, ConsistentRead: true }))
    items.push(...Items);
  return items.sort((one, other) => String(one.orderId).localeCompare(String(other.orderId)));
}

async function restoredRecord(table: keyof typeof restored, orderId: string) {
  const get = new GetCommand({ TableName: restored[table], Key: { orderId }, ConsistentRead: true });
  return (await tables.send(get)).Item;
}

/** Sends a consumer what the archive has since a moment. */
async function replayTo(to: string, from: Date, types?: string[]) {
  const selection: ReplaySelection = selectionFor(to, { types });
  const destination = {
    queueUrl: queueUrl(to === 'order' ? 'outcomes' : 'payment'),
    name: `replay-${ulid()}`,
    withEffects: types !== undefined,
  };
  return replay(shop, { selection, from, until: new Date(), destination, dryRun: false, rate: 1_000 });
}

async function archived(orderId: string, from: Date): Promise<Record<string, number>> {
  const destination = { queueUrl: '', name: 'none', withEffects: false };
  const selection = { contracts: catalog, orderId };
  return (await replay(shop, { selection, from, until: new Date(), destination, dryRun: true, rate: 1_000 })).types;
}

async function sweep(): Promise<void> {
  const lambda = new LambdaClient(shop.config);
  const { FunctionError } = await lambda.send(new InvokeCommand({ FunctionName: output('SweepFunctionName') }));
  expect(FunctionError).toBeUndefined();
}

/** Audits the tables that are in use now; what just happened counts too. */
async function disagreeingOrders(): Promise<string[]> {
  const stack = await findStack(shop, STACK_NAME);
  const { tables: inUse } = connectTables(deployedShop(shop, stack ?? {}), 5_000);
  const times = { ...(await readSweepTimes(shop)), settleMs: 0 };
  const { disagreeing } = await audit(inUse, { times, recheckMs: 0 });
  return disagreeing.map(({ orderId, problem }) => `${orderId}: ${problem}`);
}

test('orders and payments are put back to a moment, and everything since is known again, once', async () => {
  const suffix = ulid();
  restored = { orders: `ShopMessaging-orders-${suffix}`, payments: `ShopMessaging-payments-${suffix}` };
  const [kept, lost, soldOut, waiting] = [testOrder(), testOrder(), testOrder(), testOrder()];
  for (const { sku } of [kept, lost, waiting]) await setStock(sku, 1);
  await setStock(soldOut.sku, 0);
  await publish(placed(kept));
  await paymentIs(kept.orderId, 'captured');
  await waitForEmptyQueues();

  // On AWS the command names a moment. The engines restore what is there now, and no more than AWS does of its settings.
  const since = new Date();
  for (const table of ['orders', 'payments'] as const) {
    await dynamo.send(
      new RestoreTableToPointInTimeCommand({ SourceTableName: own[table], TargetTableName: restored[table] }),
    );
  }
  for (const order of [lost, soldOut]) await publish(placed(order));
  await paymentIs(lost.orderId, 'captured');
  await paymentIs(soldOut.orderId, 'voided');
  await eventually('the archive has what is lost', async () => {
    const [confirmed, cancelled] = [await archived(lost.orderId, since), await archived(soldOut.orderId, since)];
    return confirmed['shop.payment.captured.v1'] && cancelled['shop.payment.voided.v1'];
  });

  // It deploys once more, which takes a busy machine longer than a hook has.
  onTestFinished(goBack, 300_000);
  await pause();
  await publish(placed(waiting));
  const refused = await deploy(restored);
  expect(refused.code).toBe(1);
  const commands = [...refused.said.matchAll(/`(aws dynamodb .*?) --endpoint-url \S+`/g)].map(([, one = '']) => one);
  expect(commands).toHaveLength(6);
  for (const command of commands) await runCommand(command);
  // What was synthesised holds: only the tables have changed.
  const deployed = await deploy(restored, '--app', '.local/deploy/local');
  expect(deployed, deployed.said).toMatchObject({ code: 0, result: { deployed: true, lost: [] } });
  expect(deployed.said).toContain('payment is still paused by an operator');
  expect(deployed.said).toContain(`restoredTables.payments: not set → ${restored.payments}`);
  expect(await restoredRecord('orders', lost.orderId)).toBeUndefined();
  const before = { orders: await itemsOf(own.orders), payments: await itemsOf(own.payments) };

  await replayTo('order', since);
  await replayTo('payment', since);
  await replayTo('payment', since, ['shop.order.confirmed.v1', 'shop.order.cancelled.v1']);
  await resume();

  const ends = [
    { order: kept, status: 'CONFIRMED', state: 'captured', shelf: { available: 0, reserved: 0, sold: 1 } },
    { order: lost, status: 'CONFIRMED', state: 'captured', shelf: { available: 0, reserved: 0, sold: 1 } },
    { order: waiting, status: 'CONFIRMED', state: 'captured', shelf: { available: 0, reserved: 0, sold: 1 } },
    { order: soldOut, status: 'CANCELLED', state: 'voided', shelf: { available: 0, reserved: 0, sold: 0 } },
  ];
  const now = () =>
    Promise.all(
      ends.map(async ({ order }) => ({
        order,
        status: (await restoredRecord('orders', order.orderId))?.status,
        state: (await restoredRecord('payments', order.orderId))?.state,
        shelf: { ...(await shelfOf(order.sku)), sku: undefined },
      })),
    );
  await eventually(
    'all is as it was',
    async () => {
      await sweep();
      return JSON.stringify(await now()) === JSON.stringify(ends);
    },
    120,
  ).catch(async () => expect(await now()).toEqual(ends));
  await waitForEmptyQueues();
  for (const { orderId } of [kept, lost, waiting]) expect(await chargesOf(orderId)).toEqual(capturedOnce());
  expect([[], voidedOnce()]).toContainEqual(await chargesOf(soldOut.orderId));
  // Other tests leave orders behind.
  const ours = ends.map(({ order }) => order.orderId);
  expect((await disagreeingOrders()).filter((one) => ours.some((id) => one.startsWith(id)))).toEqual([]);
  expect({ orders: await itemsOf(own.orders), payments: await itemsOf(own.payments) }).toEqual(before);
});
