import { describe, expect, test } from 'vitest';
import { extractLogFields } from '../../../lambdas/runtime/log-fields.ts';
import { placed } from '../../builders/events.ts';

describe('Log fields of a message that breaks its contract', () => {
  test('contain the order, the type and the trace where these are valid', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const event = { ...placed({ orderId: 'o-7' }), traceparent, extra: '+821012345678' };
    expect(extractLogFields(JSON.stringify(event))).toEqual({
      orderId: 'o-7',
      eventType: 'shop.order.placed.v1',
      traceparent,
    });
  });

  test('contain the order from the subject when the data has none', () => {
    expect(extractLogFields('{"subject":"o-7","data":{}}').orderId).toBe('o-7');
    expect(extractLogFields('{"subject":"o-7","data":null}').orderId).toBe('o-7');
  });

  test('contain the order when the body is not JSON', () => {
    expect(extractLogFields('{"data":{"orderId" : "o-7", "phone":"+821012345678"').orderId).toBe('o-7');
    expect(extractLogFields('{"data":{"orderId":"+821012345678"').orderId).toBeUndefined();
  });

  test.each([
    '',
    'null',
    '7',
    '[]',
    '"o-7"',
    '{"data":[]}',
    '{"subject":7}',
    '{"data":{"orderId":{"a":1}},"type":["x"]}',
    '{"data":{"orderId":"+821012345678"},"subject":"tok visa","type":"+821012345678","traceparent":"secret"}',
  ])('contain no value that might be something else: %s', (body) => {
    expect(Object.values(extractLogFields(body)).filter((value) => value !== undefined)).toEqual([]);
  });
});
