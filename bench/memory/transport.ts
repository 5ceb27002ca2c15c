import type { AddressInfo } from 'node:net';
import { buildApp } from 'fauxqs';
import { startBus } from './bus.ts';
import type { TransportAnswer, TransportRequest } from './transport-process.ts';

// The in-memory AWS of a run, in a process of its own: SNS and SQS from fauxqs, the bus and the texts from us.
const app = buildApp({ logger: false, host: '127.0.0.1' });
await app.listen({ host: '127.0.0.1', port: 0 });
const { port } = app.server.address() as AddressInfo;
const ENTRIES_PER_CALL = 10;

async function deliver(queue: string, bodies: readonly string[]): Promise<void> {
  for (let start = 0; start < bodies.length; start += ENTRIES_PER_CALL) {
    const entries = bodies.slice(start, start + ENTRIES_PER_CALL);
    const payload = {
      QueueUrl: `http://127.0.0.1:${port}/000000000000/${queue}`,
      Entries: entries.map((MessageBody, index) => ({ Id: String(index), MessageBody })),
    };
    const headers = { 'x-amz-target': 'AmazonSQS.SendMessageBatch', 'content-type': 'application/x-amz-json-1.0' };
    const { statusCode, body } = await app.inject({
      method: 'POST',
      url: '/',
      headers,
      payload: JSON.stringify(payload),
    });
    if (statusCode !== 200) throw new Error(`${queue} took nothing: ${body}`);
  }
}

const bus = await startBus(deliver);

process.on('message', ({ id, texts: prefix }: TransportRequest) => {
  const texts = [...bus.texts].filter(([orderId]) => orderId.startsWith(prefix)).flatMap(([, sent]) => sent);
  process.send?.({ id, texts } satisfies TransportAnswer);
});
process.once('disconnect', () => process.exit(0));
process.send?.({ id: 0, ports: { queues: port, bus: bus.port } } satisfies TransportAnswer);
