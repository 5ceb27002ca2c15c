import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { orderCancelled, orderPlaced } from '../../contracts/order.ts';
import { parseEvent, readMessage } from '../../contracts/parse.ts';
import { cancelled, placed } from '../builders/events.ts';

const parse = (body: string) => parseEvent(body, [orderPlaced, orderCancelled]);
const eventBridge = { 'detail-type': 'x', account: '1', detail: cancelled() };
const notification = { Type: 'Notification', TopicArn: 'arn', Message: JSON.stringify(cancelled()) };

describe('An event that a filter let through by its type', () => {
  test.each([eventBridge, notification])('is read as that type, whatever it carries inside: %j', (envelope) => {
    expect(parse(JSON.stringify(envelope)).type).toBe('shop.order.cancelled.v1');
    expect(parse(JSON.stringify({ ...placed(), ...envelope })).type).toBe('shop.order.placed.v1');
    expect(() => parse(JSON.stringify({ type: 'shop.payment.received.v1', ...envelope }))).toThrow('must be one of');
  });

  test.each(['type', '\\u0074ype'])('is rejected when it has a second "%s", whichever is read', (name) => {
    const twice = JSON.stringify(placed()).replace(/}$/, `,"${name}" : "shop.order.cancelled.v1"}`);
    expect(JSON.parse(twice).type).toBe('shop.order.cancelled.v1');
    expect(() => parse(twice)).toThrow('body: must have its type and its source once');
  });

  test('is read where only nested members repeat a name, and whatever text they hold', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.boolean(), (value, indented) => {
        const message = { ...placed(), text: '"type":"{[', data: [{ type: value, data: value }, { type: value }] };
        // Members that are null are removed, so only the names outside are compared.
        const read = readMessage(JSON.stringify(message, null, indented ? 2 : undefined));
        expect(Object.keys(read)).toEqual(Object.keys(message));
      }),
    );
  });
});
