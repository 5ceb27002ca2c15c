// Writes the samples of this folder with the CloudEvents SDK for JavaScript; see ../README.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { CloudEvent, HTTP } from 'cloudevents';

const data = JSON.parse(readFileSync(new URL('../order.json', import.meta.url), 'utf8'));
const order = {
  id: 'a1',
  source: '/shop/checkout',
  type: 'shop.order.placed.v1',
  subject: 'o-1001',
  time: '2026-11-26T09:00:00.000Z',
  datacontenttype: 'application/json',
  data,
};
const bytes = new Uint8Array(Buffer.from(JSON.stringify(data)));
const events = {
  order: new CloudEvent(order),
  defaults: new CloudEvent({ type: order.type, source: order.source, data }),
  'time-with-offset': new CloudEvent({ ...order, time: '2026-11-26T18:00:00.123456789+09:00' }),
  extensions: new CloudEvent({
    ...order,
    partitionkey: 'o-1001',
    sampledrate: 3,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    tracestate: 'vendor=1',
  }),
  charset: new CloudEvent({ ...order, datacontenttype: 'application/json; charset=utf-8' }),
  bytes: new CloudEvent({ ...order, data: bytes }),
  nulls: new CloudEvent(
    { ...order, subject: null, dataschema: null, data: { ...data, customer: null, charges: null } },
    false,
  ),
  'data-as-text': new CloudEvent({ ...order, datacontenttype: 'text/plain', data: JSON.stringify(data) }),
};
for (const [name, event] of Object.entries(events)) {
  const { body } = HTTP.structured(event);
  writeFileSync(new URL(`${name}.json`, import.meta.url), body);
}
