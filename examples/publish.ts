// Publishes orders from an existing service with the AWS SDK only.
// npx node examples/publish.ts <topic ARN> [order id ...]
import { setTimeout as pause } from 'node:timers/promises';
import { PublishBatchCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';

const MAX_ATTEMPTS = 5;
const [topicArn, ...args] = process.argv.slice(2);
const orderIds = args.length > 0 ? args : ['o-1001'];

// The SDK retries throttled calls, 5xx responses and timeouts with exponential backoff. If SNS accepted the first attempt and only
// the response was lost, the order arrives twice, with different message ids. That is safe: the shop deduplicates by order id, so
// nobody is charged twice. Always send again when in doubt.
const sns = new SNSClient({
  retryMode: 'standard',
  maxAttempts: MAX_ATTEMPTS,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
});

/** Builds the event of an order. Build it once per order: every attempt must send the same event. */
const buildOrderPlaced = (orderId: string) => ({
  specversion: '1.0',
  id: crypto.randomUUID(),
  source: '/shop/checkout',
  type: 'shop.order.placed.v1',
  time: new Date().toISOString(),
  data: {
    orderId,
    orderNumber: '#1029',
    customer: { id: 'c-7', phone: '+821012345678', locale: 'ko' },
    payment: { token: 'tok_visa' },
    items: [{ sku: 'KB-01', quantity: 1, unitPrice: 12000 }],
    charges: [{ kind: 'shipping', amount: 3000 }],
    total: { amount: 15000, currency: 'KRW' },
  },
});
type OrderPlaced = ReturnType<typeof buildOrderPlaced>;

async function publish(event: OrderPlaced): Promise<void> {
  const { MessageId } = await sns.send(new PublishCommand({ TopicArn: topicArn, Message: JSON.stringify(event) }));
  console.log(`published ${event.data.orderId} as ${MessageId}`);
}

/** Publishes in batches of ten, the most SNS accepts per call (together at most 256 KB). Returns how many were not published. */
async function publishAll(events: readonly OrderPlaced[]): Promise<number> {
  let failures = 0;
  for (let start = 0; start < events.length; start += 10)
    failures += await publishBatch(events.slice(start, start + 10));
  return failures;
}

/** Publishes one batch. Retries entries that failed: a batch can fail in part with status 200, which no SDK retries. */
async function publishBatch(events: readonly OrderPlaced[], attempt = 1): Promise<number> {
  const { Successful = [], Failed = [] } = await sns.send(
    new PublishBatchCommand({
      TopicArn: topicArn,
      PublishBatchRequestEntries: events.map((event) => ({ Id: event.id, Message: JSON.stringify(event) })),
    }),
  );
  const orderIdOf = (id?: string) => events.find((event) => event.id === id)?.data.orderId;
  for (const { Id, MessageId } of Successful) console.log(`published ${orderIdOf(Id)} as ${MessageId}`);
  // A sender fault fails in the same way on every attempt.
  const abandoned = Failed.filter(({ SenderFault }) => SenderFault || attempt === MAX_ATTEMPTS);
  for (const { Id, Code, Message } of abandoned) console.error(`not published ${orderIdOf(Id)}: ${Code} ${Message}`);
  const retryIds = Failed.filter((entry) => !abandoned.includes(entry)).map(({ Id }) => Id);
  if (retryIds.length === 0) return abandoned.length;
  await pause(Math.random() * 100 * 2 ** attempt);
  const retries = events.filter(({ id }) => retryIds.includes(id));
  return abandoned.length + (await publishBatch(retries, attempt + 1));
}

try {
  const [first, ...others] = orderIds.map(buildOrderPlaced);
  if (first !== undefined && others.length === 0) await publish(first);
  else if (first !== undefined) process.exitCode = (await publishAll([first, ...others])) > 0 ? 1 : 0;
} catch (error) {
  // Only the caller can decide what to do now: store the order and retry later (see outbox/), or tell the customer.
  console.error(`not published: ${error}`);
  process.exitCode = 1;
}
