import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { routing } from '../../infra/routing.ts';

/** One text that was sent: whose order it was about, and when, in milliseconds since 1970. */
export type Text = { orderId: string; at: number };

/** Delivers a body to a queue. */
export type Deliver = (queue: string, bodies: readonly string[]) => Promise<void>;

type Entry = { EventBusName: string; Source: string; DetailType: string; Detail: string };

/** The time as finely as it is known, in milliseconds since 1970. */
export const preciseNow = () => performance.timeOrigin + performance.now();

/**
 * Takes how to deliver to a queue and starts what the in-memory SNS and SQS do not have: EventBridge's PutEvents, routed as the
 * stack routes (bus `x` to the queues `x-order`, `x-payment` …), and SNS Publish to a phone, which is noted in `texts`.
 */
export async function startBus(deliver: Deliver): Promise<{ port: number; texts: Map<string, Text[]> }> {
  const texts = new Map<string, Text[]>();
  const targets = targetsByEvent();
  const putEvents = async (entries: readonly Entry[]) => {
    const deliveries = new Map<string, string[]>();
    for (const { EventBusName, Source, DetailType, Detail } of entries) {
      for (const consumer of targets.get(`${Source} ${DetailType}`) ?? []) {
        const queue = `${EventBusName}-${consumer}`;
        deliveries.set(queue, [...(deliveries.get(queue) ?? []), Detail]);
      }
    }
    await Promise.all([...deliveries].map(([queue, bodies]) => deliver(queue, bodies)));
    return { FailedEntryCount: 0, Entries: entries.map((_, index) => ({ EventId: `e-${index}` })) };
  };
  const text = (form: URLSearchParams) => {
    const orderId = /o-[\w.-]*\w/.exec(form.get('Message') ?? '')?.[0] ?? '';
    texts.set(orderId, [...(texts.get(orderId) ?? []), { orderId, at: preciseNow() }]);
    const result = '<PublishResult><MessageId>m</MessageId></PublishResult>';
    return `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">${result}</PublishResponse>`;
  };
  const server = createServer({ keepAliveTimeout: 0 }, async (request, response) => {
    const body = await bodyOf(request);
    const isBus = request.headers['x-amz-target'] === 'AWSEvents.PutEvents';
    const answer = isBus
      ? JSON.stringify(await putEvents((JSON.parse(body) as { Entries: Entry[] }).Entries))
      : text(new URLSearchParams(body));
    response.setHeader('content-type', isBus ? 'application/x-amz-json-1.1' : 'text/xml').end(answer);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return { port: (server.address() as AddressInfo).port, texts };
}

/** Gives who is sent what travels on the bus, by source and type. */
function targetsByEvent(): Map<string, string[]> {
  const targets = new Map<string, string[]>();
  for (const [consumer, { consumes }] of Object.entries(routing)) {
    for (const { channel, source, type } of consumes) {
      if (channel !== 'bus') continue;
      const key = `${source} ${type}`;
      targets.set(key, [...(targets.get(key) ?? []), consumer]);
    }
  }
  return targets;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
