import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { buildApp } from 'fauxqs';
import { routing } from '../../infra/routing.ts';
import { chunk } from '../../lambdas/runtime/chunk.ts';
import { preciseNow, type SentText } from './transport.ts';

// The in-memory AWS, in a process of its own: SNS and SQS from fauxqs, and a server for what fauxqs lacks: EventBridge's PutEvents,
// routed as the stack routes (bus `x` to the queues `x-order`, `x-payment` …), and SNS Publish to a phone.
const ENTRIES_PER_CALL = 10;
type Entry = { EventBusName: string; Source: string; DetailType: string; Detail: string };

const app = buildApp({ logger: false, host: '127.0.0.1' });
await app.listen({ host: '127.0.0.1', port: 0 });
const { port } = app.server.address() as AddressInfo;

const texts: SentText[] = [];
const consumersByEvent = Map.groupBy(
  Object.entries(routing).flatMap(([consumer, { consumes }]) =>
    consumes
      .filter(({ channel }) => channel === 'bus')
      .map(({ source, type }) => ({ key: `${source} ${type}`, consumer })),
  ),
  ({ key }) => key,
);

async function sendMessages(queue: string, bodies: readonly string[]): Promise<void> {
  for (const group of chunk(bodies, ENTRIES_PER_CALL)) {
    const { statusCode, body } = await app.inject({
      method: 'POST',
      url: '/',
      headers: { 'x-amz-target': 'AmazonSQS.SendMessageBatch', 'content-type': 'application/x-amz-json-1.0' },
      payload: JSON.stringify({
        QueueUrl: `http://127.0.0.1:${port}/000000000000/${queue}`,
        Entries: group.map((MessageBody, index) => ({ Id: String(index), MessageBody })),
      }),
    });
    if (statusCode !== 200) throw new Error(`${queue} rejected a batch: ${body}`);
  }
}

async function putEvents(entries: readonly Entry[]): Promise<object> {
  const deliveries = entries.flatMap(({ EventBusName, Source, DetailType, Detail }) =>
    (consumersByEvent.get(`${Source} ${DetailType}`) ?? []).map(({ consumer }) => ({
      queue: `${EventBusName}-${consumer}`,
      body: Detail,
    })),
  );
  const byQueue = Map.groupBy(deliveries, ({ queue }) => queue);
  await Promise.all(
    [...byQueue].map(([queue, sent]) =>
      sendMessages(
        queue,
        sent.map(({ body }) => body),
      ),
    ),
  );
  return { FailedEntryCount: 0, Entries: entries.map((_, index) => ({ EventId: `e-${index}` })) };
}

function publishText(form: URLSearchParams): string {
  texts.push({ phone: form.get('PhoneNumber') ?? '', message: form.get('Message') ?? '', at: preciseNow() });
  return '<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>';
}

const server = createServer({ keepAliveTimeout: 0 }, async (request, response) => {
  if (request.method === 'GET') return void response.end(JSON.stringify(texts));
  const body = await text(request);
  const isEvents = request.headers['x-amz-target'] === 'AWSEvents.PutEvents';
  const answer = isEvents
    ? JSON.stringify(await putEvents((JSON.parse(body) as { Entries: Entry[] }).Entries))
    : publishText(new URLSearchParams(body));
  response.setHeader('content-type', isEvents ? 'application/x-amz-json-1.1' : 'text/xml').end(answer);
});
server.listen(0, '127.0.0.1', () => {
  process.send?.({ queues: port, bus: (server.address() as AddressInfo).port });
});
process.once('disconnect', () => process.exit(0));
