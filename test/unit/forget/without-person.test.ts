import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { catalog } from '../../../contracts/catalog.ts';
import { parseEvent } from '../../../contracts/parse.ts';
import { FORGOTTEN_TOKEN } from '../../../contracts/personal-data.ts';
import { wrapReplayed } from '../../../lambdas/runtime/replay-envelope.ts';
import { orderIdOf } from '../../../ops/dlq/dead-letter.ts';
import { bodyWithoutPerson } from '../../../ops/forget/without-person.ts';
import { cancelRequested, captured, confirmed, placed, progressed, shipped } from '../../builders/events.ts';
import { validOrders } from '../../builders/orders.ts';

const PHONE = '+821012345678';
const rewritten = (event: object) => JSON.parse(bodyWithoutPerson(JSON.stringify(event)));
/** Adds members that a publisher's message has besides those of its contract. */
const withMore = <E extends { data: object }>(event: E, data: object, more: object = {}) => ({
  ...event,
  ...more,
  data: { ...event.data, ...data },
});

describe('A message without its person', () => {
  test('is still the same order to everybody who reads it', () => {
    fc.assert(
      fc.property(validOrders, (order) => {
        const { data, ...event } = parseEvent(bodyWithoutPerson(JSON.stringify(order)), catalog);
        const { customer: _, ...rest } = order.data;
        expect({ ...event, data }).toEqual({ ...order, data: { ...rest, payment: { token: FORGOTTEN_TOKEN } } });
      }),
    );
  });

  test('keeps the references of the money, and what is in an order but the words on it', () => {
    const payment = { kind: 'captured' as const, reference: 'pi_1' };
    const charges = [{ kind: 'shipping', amount: 0, label: 'for Kim' }];
    const { data } = rewritten(withMore(placed({ payment }), { charges, orderNumber: '#7' }));
    expect(data).toMatchObject({ payment, charges: [{ kind: 'shipping', amount: 0 }], orderNumber: '#7' });
    expect(data.charges[0]).not.toHaveProperty('label');
    expect(data).not.toHaveProperty('customer');
  });

  test('has nothing of what no contract names, of a vendor, or of the customer in their own words', () => {
    const extensions = { tracestate: `k=${PHONE}`, buyer: PHONE, subject: `buyer ${PHONE}` };
    const order = rewritten(withMore(placed(), { address: { street: 'Hauptstr. 1' }, note: PHONE }, extensions));
    expect(JSON.stringify(order)).not.toMatch(/Haupt|8210/);
    expect(rewritten(cancelRequested()).data).toEqual({ orderId: 'o-1001' });
    expect(rewritten(shipped({ parcel: { carrier: 'DHL', number: 'JD-77' } })).data).toEqual({
      orderId: 'o-1001',
      parcel: {},
    });
  });

  test.each([confirmed(), captured(), progressed({ sequence: 1, step: 'shop.order.placed.v1' })])(
    'is byte for byte as it was where nobody is in it: $type',
    (event) => {
      const body = ` ${JSON.stringify(event, undefined, 1)}\n`;
      expect(bodyWithoutPerson(body)).toBe(body);
    },
  );

  test('does not change once it is rewritten', () => {
    const bodies = [
      placed(),
      withMore(placed(), { items: 'none' }),
      { detail: placed(), 'detail-type': 'x', account: '1' },
    ];
    for (const body of bodies.map((one) => bodyWithoutPerson(JSON.stringify(one)))) {
      expect(bodyWithoutPerson(body)).toBe(body);
    }
  });

  test('stays in the envelopes that say for whom it is, and without what else they carry', () => {
    const event = JSON.stringify(placed());
    const sns = {
      Type: 'Notification',
      TopicArn: 'arn:aws:sns:x:1:t',
      Message: event,
      MessageAttributes: { p: PHONE },
    };
    const eventBridge = { 'detail-type': 'x', account: '1', detail: placed(), more: PHONE };
    const endpoint = { endpoint: 'erp', event: placed() };
    const replayed = wrapReplayed({ name: 'replay-1', withEffects: false, body: event });
    for (const body of [...[sns, eventBridge, endpoint].map((one) => JSON.stringify(one)), replayed]) {
      const after = bodyWithoutPerson(body);
      expect(after).not.toMatch(/8210|c-7|tok_visa/);
      expect(orderIdOf({ body: after })).toBe('o-1001');
      expect(Object.keys(JSON.parse(body))).toEqual(expect.arrayContaining(Object.keys(JSON.parse(after))));
    }
    expect(parseEvent(bodyWithoutPerson(JSON.stringify(sns)), catalog).data).toMatchObject({ orderId: 'o-1001' });
  });

  test('keeps of what breaks its contract what may be shown, and always which order it is of', () => {
    const items = [{ sku: 'KB-01', quantity: 0, unitPrice: 12_000, gift: 'to Kim' }];
    const broken = rewritten(withMore(placed({ payment: { kind: 'captured', reference: 'pi_1' } }), { items }));
    expect(broken.data).toEqual({
      orderId: 'o-1001',
      payment: { kind: 'captured', reference: 'pi_1' },
      items: [{ sku: 'KB-01', quantity: 0, unitPrice: 12_000 }],
      total: { amount: 12_000, currency: 'KRW' },
    });
    const cut = JSON.stringify(placed()).slice(0, -20);
    expect(JSON.parse(bodyWithoutPerson(cut))).toEqual({ data: { orderId: 'o-1001' } });
    const encoded = {
      ...placed(),
      data: undefined,
      data_base64: Buffer.from(JSON.stringify(placed().data)).toString('base64'),
    };
    expect(rewritten(encoded).data).toMatchObject({ orderId: 'o-1001', payment: { token: FORGOTTEN_TOKEN } });
  });

  test('is made of a body nested as deep as it is long', () => {
    const deep = `${'{"data":'.repeat(50_000)}{"orderId":"o-1","phone":"${PHONE}"}${'}'.repeat(50_000)}`;
    expect(bodyWithoutPerson(deep)).not.toContain(PHONE);
  });
});
