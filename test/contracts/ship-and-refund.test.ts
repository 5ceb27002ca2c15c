import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { orderRefundRequested, orderShipped } from '../../contracts/order.ts';
import { parseEvent } from '../../contracts/parse.ts';
import { refundRequested, shipped } from '../../examples/ship-and-refund.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'publishing.md'), 'utf8');

describe('The example of shipments and refunds', () => {
  test('says which parcel left, under the same id each time', () => {
    const event = shipped('o-1001', 'CJ', 'p-1');
    expect(parseEvent(JSON.stringify(event), [orderShipped]).data).toEqual({
      orderId: 'o-1001',
      parcel: { carrier: 'CJ', number: 'p-1' },
    });
    expect(shipped('o-1001', 'CJ', 'p-1').id).toBe(event.id);
    expect(shipped('o-1001', 'CJ', 'p-2').id).not.toBe(event.id);
  });

  test('asks for money, and for goods that go on the shelf', () => {
    const goods = [{ sku: 'KB-01', quantity: 1 }];
    const event = refundRequested('o-1001', 'RMA-118', 12_000, goods);
    expect(parseEvent(JSON.stringify(event), [orderRefundRequested]).data).toEqual({
      ...{ orderId: 'o-1001', refundId: 'RMA-118', amount: 12_000 },
      items: [{ ...goods[0], restock: true }],
    });
    expect(parseEvent(JSON.stringify(refundRequested('o-1', 'r', 5)), [orderRefundRequested]).data).not.toHaveProperty(
      'items',
    );
  });
});

test('What docs/publishing.md publishes with the AWS CLI keeps its contract', () => {
  const messages = [...page.matchAll(/--message '([^']+)'/g)].map(([, message = '']) => message);
  const types = messages.map((message) => parseEvent(message, [orderShipped, orderRefundRequested]).type);
  expect(types).toEqual(['shop.order.shipped.v1', 'shop.order.refund-requested.v1']);
});
