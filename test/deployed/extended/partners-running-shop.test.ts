import '../provided.ts';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, DeleteStackCommand } from '@aws-sdk/client-cloudformation';
import { DisableRuleCommand, ListRuleNamesByTargetCommand } from '@aws-sdk/client-eventbridge';
import { GetQueueAttributesCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { localTarget } from '../../../ops/aws-target.ts';
import { publishOrders } from '../../../ops/orders/publish.ts';
import { loadOrderRecords } from '../../../ops/orders/records.ts';
import { countDeadLetters } from '../../../ops/queues.ts';
import { type DeployedShop, deployedShop, findStack } from '../../../ops/stack.ts';
import { setAvailable } from '../../../ops/stock/shelves.ts';
import { copyCheckout, runDeploy, runOpsIn } from '../checkout.ts';
import { bus, eventually, placed, sqs, testOrder } from '../deployed-shop.ts';
import { purge, readUntil } from '../partner-reader.ts';

const STACK = 'PartnersTest';
const PARTNERS = { crm: ['shop.order.confirmed.v1', 'shop.order.cancelled.v1'] };
const target = localTarget(inject('endpoint'));
let checkout = '';
let kept = '';

beforeAll(async () => {
  if (inject('skip') !== '') return;
  checkout = await copyCheckout();
  kept = await mkdtemp(join(tmpdir(), 'partners-kept-'));
});

afterAll(async () => {
  if (checkout === '') return;
  await Promise.all([checkout, kept].map((folder) => rm(folder, { recursive: true, force: true })));
  if ((await findStack(target, STACK)) === undefined) return;
  await new CloudFormationClient(target.config).send(new DeleteStackCommand({ StackName: STACK }));
  await eventually('the stack is deleted', async () => (await findStack(target, STACK)) === undefined, 100);
});

/** Deploys the shop with these partners, as `npm run deploy` does. */
async function deployWith(partners: object) {
  const settings = { paymentGateway: 'sandbox', stackName: STACK, partners };
  await writeFile(join(checkout, 'settings', 'local.json'), JSON.stringify(settings));
  return runDeploy(checkout, 'local');
}

async function deployed(): Promise<DeployedShop> {
  const stack = await findStack(target, STACK);
  if (stack === undefined) throw new Error(`There is no ${STACK}`);
  return deployedShop(target, stack);
}

/** Places order after order, each once the one before is decided, until it is told to stop. */
function orderFlow(shop: DeployedShop, sku: string) {
  const ids: string[] = [];
  let stopped = false;
  const decide = async (): Promise<string> => {
    const order = testOrder({ sku });
    ids.push(order.orderId);
    expect(await publishOrders(shop, [JSON.stringify(placed(order))])).toEqual([]);
    await eventually(`${order.orderId} is decided`, async () => {
      const status = (await loadOrderRecords(shop, [order.orderId])).get(order.orderId)?.order?.status;
      return status === 'CONFIRMED';
    });
    return order.orderId;
  };
  const running = (async () => {
    while (!stopped) await decide();
  })();
  // It is told when the flow is stopped.
  running.catch(() => {});
  return {
    ids,
    decide,
    stop: async () => {
      stopped = true;
      await running;
    },
  };
}

async function switchOffRulesTo(QueueUrl: string, EventBusName: string): Promise<void> {
  const ask = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] });
  const TargetArn = (await sqs.send(ask)).Attributes?.QueueArn ?? '';
  const { RuleNames = [] } = await bus.send(new ListRuleNamesByTargetCommand({ TargetArn, EventBusName }));
  expect(RuleNames.length).toBeGreaterThan(0);
  for (const Name of RuleNames) await bus.send(new DisableRuleCommand({ Name, EventBusName }));
}

test('a partner comes to a shop that is running, and goes from it once its queues are empty, and no order is lost', async () => {
  const first = await deployWith({});
  expect(first, first.said).toMatchObject({ code: 0, result: { deployed: true } });
  const shop = await deployed();
  const { sku } = testOrder();
  await setAvailable(shop, sku, 1_000_000);
  const flow = orderFlow(shop, sku);
  try {
    const added = await deployWith(PARTNERS);
    expect(added, added.said).toMatchObject({ code: 0, result: { deployed: true } });
    expect(added.result.hops).toContainEqual(expect.objectContaining({ from: 'bus', to: 'crm', ok: true, by: 'read' }));
    const { outputs } = await deployed();
    const { PartnerCrmQueueUrl: queue = '', PartnerCrmDeadLetterQueueUrl: deadLetters = '' } = outputs;
    const orderId = await flow.decide();
    await readUntil(queue, 'crm hears of an order', (received) =>
      received.some(({ event }) => event.data.orderId === orderId),
    );

    await sqs.send(new SendMessageCommand({ QueueUrl: deadLetters, MessageBody: JSON.stringify({ id: 'left' }) }));
    const refused = await deployWith({});
    expect(refused.code, refused.said).toBe(1);
    expect(refused.said).toMatch(/partners\.crm: its queues would go, and hold messages .* 1 waiting/);
    expect((await deployed()).outputs).toHaveProperty('PartnerCrmQueueUrl', queue);

    // What docs/deploying.md says to do.
    await switchOffRulesTo(queue, shop.output('EventBusName'));
    await purge(queue);
    const letters = await runOpsIn(
      checkout,
      STACK,
      'dlq',
      'discard',
      '--consumer',
      'crm',
      '--yes',
      '--to',
      join(kept, 'crm.jsonl'),
    );
    expect(letters, letters.said).toMatchObject({ code: 0, result: { discarded: 1 } });
    const removed = await deployWith({});
    expect(removed, removed.said).toMatchObject({ code: 0, result: { deployed: true } });
    expect((await deployed()).outputs).not.toHaveProperty('PartnerCrmQueueUrl');
    await flow.decide();
  } finally {
    await flow.stop();
  }
  expect(flow.ids.length).toBeGreaterThan(10);
  const records = await loadOrderRecords(shop, flow.ids);
  expect(flow.ids.filter((id) => records.get(id)?.order?.status !== 'CONFIRMED')).toEqual([]);
  expect(await countDeadLetters(shop)).toBe(0);
});
