// Follows a shop's orders: receives events from a partner's queue with sqs-consumer, and does its work once for each.
// QUEUE_URL=<PartnerCrmQueueUrl> JOURNAL=journal.jsonl npx node examples/subscribers/typescript/read.ts
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { type Message, SQSClient } from '@aws-sdk/client-sqs';
import { Consumer } from 'sqs-consumer';

type OrderEvent = { id: string; source: string; type: string; data: { orderId: string } };

const LONGEST_WAIT_SECONDS = 3_600;
const queueUrl = process.env.QUEUE_URL ?? '';
const journal = process.env.JOURNAL ?? 'journal.jsonl';

/** Builds what a redelivered or replayed event is recognized by; SQS's message id is another one each time. */
const keyOf = ({ source, id }: OrderEvent) => JSON.stringify([source, id]);

/** Reads the event of a message, which is bare; throws where it is none. */
function parseEvent(body = ''): OrderEvent {
  const event: Partial<OrderEvent> | null = JSON.parse(body);
  const { id, source, type, data } = event ?? {};
  if (!id || !source || !type || !data?.orderId) throw new Error('not an event of an order');
  return { ...event, id, source, type, data };
}

// The file stands for your database, and its one write for one transaction: what you do with the event, and a row with the unique key
// (source, id). What is done and what is remembered then never differ, whenever the process dies. Several readers need that database.
const lines = existsSync(journal) ? readFileSync(journal, 'utf8').split('\n').filter(Boolean) : [];
const done = new Set(lines.map((line) => keyOf(parseEvent(line))));

/** Does the work of an event, unless it was done before. Returns whether it was done now. */
function workOnce(event: OrderEvent): boolean {
  const key = keyOf(event);
  if (done.has(key)) return false;
  appendFileSync(journal, `${JSON.stringify(event)}\n`);
  done.add(key);
  return true;
}

/** Returns the seconds until a failed message is received again: 2, 4, 8 and so on, up to an hour. */
const secondsToWait = ({ Attributes }: Message) =>
  Math.min(2 ** Number(Attributes?.ApproximateReceiveCount ?? 1), LONGEST_WAIT_SECONDS);

const consumer = Consumer.create({
  queueUrl,
  sqs: new SQSClient(),
  // sqs-consumer handles a batch at once, so that of a FIFO queue is one message: an order's steps stay in sequence. Run several readers
  // to be quicker; SQS never gives two of them messages of one order.
  batchSize: queueUrl.endsWith('.fifo') ? 1 : 10,
  suppressFifoWarning: true,
  waitTimeSeconds: 20,
  messageSystemAttributeNames: ['ApproximateReceiveCount'],
  // Returned messages are deleted. Work that takes longer than the queue's 60 seconds of visibility needs `heartbeatInterval` too.
  handleMessage: async (message) => {
    const event = parseEvent(message.Body);
    console.log(`${workOnce(event) ? 'done' : 'skipped'} ${event.type} ${event.data.orderId}`);
    return message;
  },
  // After twenty receives, which take ten hours, the queue moves the message to its dead-letter queue.
  terminateVisibilityTimeout: ([message]) => (message === undefined ? 0 : secondsToWait(message)),
});
// sqs-consumer goes on after each of these.
consumer.on('error', (error) => console.error(`SQS: ${error.message}`));
consumer.on('processing_error', (error, { MessageId }) => console.error(`failed ${MessageId}: ${error.message}`));
// Ends when the running call, which waits up to 20 seconds for messages, and the work on them are done.
process.once('SIGTERM', () => consumer.stop());
consumer.start();
