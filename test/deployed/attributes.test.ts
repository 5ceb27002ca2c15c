import { PublishCommand } from '@aws-sdk/client-sns';
import { expect, test } from 'vitest';
import { decided, output, placed, setStock, sns, testOrder } from './deployed-shop.ts';

// With more, AWS delivers to no subscription with raw delivery. Both engines deliver eleven as well.
const MAX_ATTRIBUTES = 10;

test("An order with ten message attributes of its publisher's own is confirmed", async () => {
  const order = testOrder();
  await setStock(order.sku, 1);
  const attribute = (_: unknown, index: number) => [`team-${index}`, { DataType: 'String', StringValue: `${index}` }];
  await sns.send(
    new PublishCommand({
      TopicArn: output('OrdersTopicArn'),
      Message: JSON.stringify(placed(order)),
      MessageAttributes: Object.fromEntries(Array.from({ length: MAX_ATTRIBUTES }, attribute)),
    }),
  );
  expect(await decided(order.orderId)).toMatchObject({ status: 'CONFIRMED' });
});
