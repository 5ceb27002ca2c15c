import './provided.ts';
import { rm } from 'node:fs/promises';
import { CloudFormationClient, DeleteStackCommand } from '@aws-sdk/client-cloudformation';
import { PublishCommand } from '@aws-sdk/client-sns';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeEach, expect, inject, test } from 'vitest';
import { localTarget } from '../../ops/aws-target.ts';
import { findStack } from '../../ops/stack.ts';
import { copyCheckout, runOpsIn, WHOLE } from './checkout.ts';
import { eventually, placed, sns, tables, testOrder } from './deployed-shop.ts';

const STACK = 'ScaffoldTest';
const TYPE = 'shop.loyalty.points-granted.v1';
const target = localTarget(inject('endpoint'));
let checkout = '';

// A test that is tried once more begins with a checkout to which nothing was added.
beforeEach(async () => {
  if (inject('skip') === '') checkout = await copyCheckout(WHOLE);
}, 60_000);

afterEach(async () => {
  if (checkout !== '') await rm(checkout, { recursive: true, force: true });
});

afterAll(async () => {
  if (checkout === '') return;
  await new CloudFormationClient(target.config).send(new DeleteStackCommand({ StackName: STACK }));
  await eventually('the stack is deleted', async () => (await findStack(target, STACK)) === undefined, 100);
}, 120_000);

const run = async (...args: string[]) => {
  const { code, said, result } = await runOpsIn(checkout, STACK, ...args);
  expect(code, said).toBe(0);
  return result;
};

test('a consumer with a table and an event of its own is written, deployed, and records an order', async () => {
  const event = await run('new', 'event', TYPE);
  const consumer = await run('new', 'consumer', 'loyalty', '--table', '--on', 'shop.order.placed.v1');
  // What a reader has to open to make it theirs.
  const opened = [...event.open, ...consumer.open];
  expect(opened).toEqual([
    'contracts/custom/loyalty.ts',
    `test/contracts/samples/${TYPE}.json`,
    'lambdas/loyalty/rules.ts',
    'test/unit/loyalty/rules.test.ts',
    'infra/custom/routes.ts',
  ]);

  const { outputs } = await run('up');
  const order = testOrder();
  await sns.send(new PublishCommand({ TopicArn: outputs.OrdersTopicArn, Message: JSON.stringify(placed(order)) }));
  const { Item } = await eventually('loyalty has recorded the order', async () => {
    const found = await tables.send(
      new GetCommand({ TableName: outputs.LoyaltyTableName, Key: { orderId: order.orderId } }),
    );
    return found.Item && found;
  });
  expect(Item).toMatchObject({ orderId: order.orderId, received: { 'shop.order.placed.v1': expect.any(String) } });
  await eventually('its event is on the way', async () =>
    JSON.stringify(await run('trace', order.orderId)).includes(TYPE),
  );
});
