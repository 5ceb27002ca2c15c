import { Agent, request } from 'node:http';
import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';
import type { Message } from '@aws-sdk/client-sqs';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { failedMessageIds, sqsEvent } from '../../../test/harness/sqs-event.ts';
import { consumptionGate, reportDone } from './control.ts';

// An execution environment and its event source mapping in one process: it invokes the function with one batch of ten after the
// other, receives the next one meanwhile, and deletes what the function does not report as failed. It calls SQS by plain HTTP instead
// of the SDK, because the cost of Lambda's own pollers is not part of the comparison.
type Handler = (event: SQSEvent, context: Partial<Context>) => Promise<SQSBatchResponse | undefined>;
const TIMEOUT_MS = 30_000;

const { handler } = createRequire(import.meta.url)(process.argv[2] ?? '') as { handler: Handler };
const { QUEUE_URL = '', AWS_LAMBDA_FUNCTION_NAME: functionName = '' } = process.env;
const agent = new Agent({ keepAlive: true });

function callSqs(operation: string, body: object): Promise<{ Messages?: Message[] }> {
  const headers = { 'x-amz-target': `AmazonSQS.${operation}`, 'content-type': 'application/x-amz-json-1.0' };
  const { promise, resolve, reject } = Promise.withResolvers<{ Messages?: Message[] }>();
  const sent = request(QUEUE_URL, { method: 'POST', path: '/', agent, headers }, async (response) => {
    const answer = await text(response);
    if (response.statusCode === 200) resolve(JSON.parse(answer || '{}'));
    else reject(new Error(`${operation} responded with status ${response.statusCode}: ${answer}`));
  });
  sent.once('error', reject).end(JSON.stringify({ QueueUrl: QUEUE_URL, ...body }));
  return promise;
}

const receive = async (): Promise<readonly Message[]> => {
  const options = { MessageSystemAttributeNames: ['All'], MessageAttributeNames: ['All'] };
  return (await callSqs('ReceiveMessage', { MaxNumberOfMessages: 10, WaitTimeSeconds: 20, ...options })).Messages ?? [];
};

async function deleteMessages(messages: readonly Message[]): Promise<void> {
  const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
  await callSqs('DeleteMessageBatch', { Entries });
  reportDone(messages.length);
}

const opened = consumptionGate();

let invocations = 0;
let next = receive();
for (;;) {
  const messages = await next;
  next = receive();
  if (messages.length === 0) continue;
  await opened();
  invocations += 1;
  const deadline = Date.now() + TIMEOUT_MS;
  const context = {
    awsRequestId: `${process.pid}-${invocations}`,
    functionName,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
  try {
    const result = await handler(sqsEvent(messages), context);
    const ids = messages.map(({ MessageId = '' }) => MessageId);
    const failed = failedMessageIds(result ?? null, ids);
    const done = messages.filter(({ MessageId = '' }) => !failed.has(MessageId));
    if (done.length > 0) void deleteMessages(done);
  } catch (error) {
    console.error(error);
  }
}
