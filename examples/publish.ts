// An existing service publishes orders: the AWS SDK and nothing of ours.
// node examples/publish.ts <topic ARN> [order id ...]
import { setTimeout as pause } from 'node:timers/promises';
import { PublishBatchCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';

const MOST_TRIES = 5;
const [topicArn, ...given] = process.argv.slice(2);
const orderIds = given.length > 0 ? given : ['o-1001'];

// The SDK repeats a call that was throttled, failed with 5xx or got no answer, and waits longer each time. If the first try was
// taken and only its answer lost, the order arrives twice, as a message with a new id. That is safe: the shop goes by the order's
// id, so nobody is charged twice, and sending again is always better than wondering.
const sns = new SNSClient({
  retryMode: 'standard',
  maxAttempts: MOST_TRIES,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
});

/** Takes an order's id and gives the event; made once per order, and the same however often it is sent. */
const placed = (orderId: string) => ({
  specversion: '1.0',
  id: crypto.randomUUID(),
  source: '/shop/checkout',
  type: 'shop.order.placed.v1',
  time: new Date().toISOString(),
  data: {
    orderId,
    customer: { id: 'c-7', phone: '+821012345678', locale: 'ko' },
    payment: { token: 'tok_visa' },
    items: [{ sku: 'KB-01', quantity: 1, unitPrice: 12000 }],
    total: { amount: 12000, currency: 'KRW' },
  },
});
type Placed = ReturnType<typeof placed>;

async function publish(event: Placed): Promise<void> {
  const { MessageId } = await sns.send(new PublishCommand({ TopicArn: topicArn, Message: JSON.stringify(event) }));
  console.log(`published ${event.data.orderId} as ${MessageId}`);
}

/** Publishes ten in a call, which is the most SNS takes (and 256 KB), and gives how many were not taken. */
async function publishAll(events: readonly Placed[]): Promise<number> {
  let notTaken = 0;
  for (let start = 0; start < events.length; start += 10) notTaken += await publishTen(events.slice(start, start + 10));
  return notTaken;
}

/** A batch can succeed in part, with status 200, which no SDK repeats: what failed is sent again here, unless it never can succeed. */
async function publishTen(events: readonly Placed[], tries = 1): Promise<number> {
  const { Successful = [], Failed = [] } = await sns.send(
    new PublishBatchCommand({
      TopicArn: topicArn,
      PublishBatchRequestEntries: events.map((event) => ({ Id: event.id, Message: JSON.stringify(event) })),
    }),
  );
  const orderOf = (id?: string) => events.find((event) => event.id === id)?.data.orderId;
  for (const { Id, MessageId } of Successful) console.log(`published ${orderOf(Id)} as ${MessageId}`);
  const hopeless = Failed.filter(({ SenderFault }) => SenderFault || tries === MOST_TRIES);
  for (const { Id, Code, Message } of hopeless) console.error(`not published ${orderOf(Id)}: ${Code} ${Message}`);
  const again = Failed.filter((one) => !hopeless.includes(one)).map(({ Id }) => Id);
  if (again.length === 0) return hopeless.length;
  await pause(Math.random() * 100 * 2 ** tries);
  const left = events.filter(({ id }) => again.includes(id));
  return hopeless.length + (await publishTen(left, tries + 1));
}

try {
  const [first, ...others] = orderIds.map(placed);
  if (first !== undefined && others.length === 0) await publish(first);
  else if (first !== undefined) process.exitCode = (await publishAll([first, ...others])) > 0 ? 1 : 0;
} catch (error) {
  // Nobody but the caller knows what to do now: keep the order and try later (see outbox/), or tell the customer.
  console.error(`not published: ${error}`);
  process.exitCode = 1;
}
