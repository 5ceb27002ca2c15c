import {
  DescribeReplayCommand,
  ListArchivesCommand,
  ListRuleNamesByTargetCommand,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  StartReplayCommand,
  type Target,
} from '@aws-sdk/client-eventbridge';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import {
  bus,
  capturedOnce,
  chargesOf,
  decided,
  eventually,
  orderOf,
  output,
  paymentIs,
  placed,
  publishAll,
  queueUrl,
  setStock,
  shelfOf,
  sqs,
  testOrder,
  textsTo,
  waitForEmptyQueues,
} from '../deployed-shop.ts';

// The commands of docs/runbook/failed-deliveries.md, through the SDK.
const EventBusName = output('EventBusName');

/** Returns the name and ARN of the rule that brings `outcomes` what the stack says. */
async function outcomesRule() {
  const QueueUrl = queueUrl('outcomes');
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
  const { RuleNames = [] } = await bus.send(
    new ListRuleNamesByTargetCommand({ EventBusName, TargetArn: Attributes?.QueueArn }),
  );
  const { Rules = [] } = await bus.send(new ListRulesCommand({ EventBusName }));
  const [rule, ...others] = Rules.filter(({ Name = '' }) => RuleNames.includes(Name));
  if (rule?.Name === undefined || rule.Arn === undefined || rule.EventBusName === undefined || others.length > 0)
    throw new Error('There is not one rule for the queue of outcomes');
  return { Rule: rule.Name, Arn: rule.Arn, busArn: rule.Arn.replace(/:rule\/(.+)\/[^/]+$/, ':event-bus/$1') };
}

/** Replays what the bus received since a moment to one rule, and waits until EventBridge has sent all of it. */
async function replayBus(since: Date, { Arn, busArn }: { Arn: string; busArn: string }): Promise<void> {
  const { Archives = [] } = await bus.send(new ListArchivesCommand({ EventSourceArn: busArn }));
  const [archive] = Archives;
  const ReplayName = `lost-${ulid()}`;
  await bus.send(
    new StartReplayCommand({
      ReplayName,
      EventSourceArn: busArn.replace(/:event-bus\/.+$/, `:archive/${archive?.ArchiveName}`),
      Destination: { Arn: busArn, FilterArns: [Arn] },
      EventStartTime: since,
      EventEndTime: new Date(Date.now() + 1_000),
    }),
  );
  await eventually('the replay is complete', async () => {
    const { State } = await bus.send(new DescribeReplayCommand({ ReplayName }));
    return State === 'COMPLETED';
  });
}

/** Has a rule bring its queue nothing; returns what brings it everything again. */
async function withhold(Rule: string): Promise<() => Promise<unknown>> {
  const { Targets = [] } = await bus.send(new ListTargetsByRuleCommand({ EventBusName, Rule }));
  const Ids = Targets.map(({ Id = '' }: Target) => Id);
  await bus.send(new RemoveTargetsCommand({ EventBusName, Rule, Ids }));
  return () => bus.send(new PutTargetsCommand({ EventBusName, Rule, Targets }));
}

test("outcomes that were lost between the bus and their queue come back from EventBridge's archive, once", async () => {
  const since = new Date(Date.now() - 1_000);
  const rule = await outcomesRule();
  const orders = [testOrder(), testOrder(), testOrder()];
  for (const { sku } of orders) await setStock(sku, 1);

  const restore = await withhold(rule.Rule);
  try {
    await publishAll(orders.map((order) => placed(order)));
    for (const { orderId, sku } of orders) {
      await paymentIs(orderId, 'authorized');
      await eventually('the goods are reserved', async () => (await shelfOf(sku))?.reserved === 1);
    }
    await waitForEmptyQueues();
  } finally {
    await restore();
  }
  for (const { orderId } of orders) expect(await orderOf(orderId)).toMatchObject({ status: 'PLACED' });

  // Twice: whoever is not sure that a replay was complete starts another.
  for (let time = 0; time < 2; time += 1) {
    await replayBus(since, rule);
    for (const { orderId } of orders) {
      expect(await decided(orderId)).toMatchObject({ status: 'CONFIRMED' });
      await paymentIs(orderId, 'captured');
    }
    await waitForEmptyQueues();
    for (const { orderId, sku, phone } of orders) {
      expect(await chargesOf(orderId)).toEqual(capturedOnce());
      expect(await shelfOf(sku)).toMatchObject({ available: 0, reserved: 0, sold: 1 });
      expect(await textsTo(phone)).toHaveLength(1);
    }
  }
});
