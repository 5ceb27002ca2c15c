import { createRequire } from 'node:module';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { keptMessages } from '../../../test/faults/failure-list.ts';
import { finished, gate } from './gate.ts';
import { queueClient, type Received } from './queue-client.ts';

// One execution environment and the part of Lambda's event source mapping that feeds it, in one process: batches of ten, one at a
// time, the next one received meanwhile; what the function does not name as failed is deleted.
type Handler = (event: SQSEvent, context: Partial<Context>) => Promise<SQSBatchResponse | undefined>;
const TIMEOUT_MS = 30_000;

const { handler } = createRequire(import.meta.url)(process.argv[2] ?? '') as { handler: Handler };
const queue = queueClient(process.env.QUEUE_URL ?? '');
const isOpen = gate();
process.send?.({ ready: true });

let invocations = 0;
let next = queue.receive();
for (;;) {
  const messages = await next;
  next = queue.receive();
  if (messages.length === 0) continue;
  await isOpen();
  invocations += 1;
  const deadline = Date.now() + TIMEOUT_MS;
  const context = {
    awsRequestId: `${process.pid}-${invocations}`,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME ?? '',
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
  try {
    const result = await handler({ Records: messages.map(recordOf) }, context);
    const ids = messages.map(({ MessageId }) => MessageId);
    const kept = keptMessages(result ?? null, ids);
    const done = messages.filter(({ MessageId }) => !kept.has(MessageId));
    if (done.length > 0) void queue.remove(done).then(() => finished(done.length));
  } catch (error) {
    console.error(error);
  }
}

/** Takes a message and gives the record that Lambda makes of it. */
function recordOf({
  MessageId,
  ReceiptHandle,
  Body,
  MD5OfBody,
  Attributes = {},
}: Received): SQSEvent['Records'][number] {
  return {
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    body: Body,
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: '0',
      SenderId: '0',
      ApproximateFirstReceiveTimestamp: '0',
      ...Attributes,
    },
    messageAttributes: {},
    md5OfBody: MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:queue',
    awsRegion: 'us-east-1',
  };
}
