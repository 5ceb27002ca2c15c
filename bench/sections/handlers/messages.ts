import type { SQSEvent } from 'aws-lambda';

const BATCHES = 200;
const PER_BATCH = 10;

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');

/** Gives batches of ten messages, each with a new order of one to four lines; every other publisher sends a trace. */
export function batches(): SQSEvent[] {
  return Array.from({ length: BATCHES }, (_, batch) => ({
    Records: Array.from({ length: PER_BATCH }, (_, index) => record(batch * PER_BATCH + index)),
  }));
}

function record(number: number): SQSEvent['Records'][number] {
  const orderId = `o-${100_000 + number}`;
  const items = Array.from({ length: 1 + (number % 4) }, (_, line) => ({
    sku: `KB-${(number * 7 + line * 13) % 500}`,
    quantity: 1 + ((number + line) % 3),
    unitPrice: 1_000 * (1 + ((number + line) % 40)),
  }));
  const event = {
    specversion: '1.0',
    id: `01JD${hex(number, 22).toUpperCase()}`,
    source: '/shop/checkout',
    type: 'shop.order.placed.v1',
    time: '2026-11-21T09:00:00.000Z',
    subject: orderId,
    datacontenttype: 'application/json',
    ...(number % 2 === 0 ? {} : { traceparent: `00-${hex(number + 1, 32)}-${hex(number + 1, 16)}-01` }),
    data: {
      orderId,
      customer: { id: `c-${number % 900}`, phone: `+8210${10_000_000 + number}`, locale: 'ko' },
      payment: { token: 'tok_visa' },
      items,
      total: { amount: items.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0), currency: 'KRW' },
    },
  };
  return {
    messageId: `${hex(number, 8)}-3f1c-4c1b-9d53-0b6a4f7a2c11`,
    receiptHandle: `AQEB${hex(number, 64)}`,
    body: JSON.stringify(event),
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: String(Date.now()),
      SenderId: 'AIDAIENQZJOLO23YVJ4VO',
      ApproximateFirstReceiveTimestamp: String(Date.now()),
    },
    messageAttributes: {},
    md5OfBody: hex(number, 32),
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:eu-west-1:123456789012:payment',
    awsRegion: 'eu-west-1',
  };
}
