import './provided.ts';
import { ulid } from 'ulid';
import { beforeAll, describe, expect, test } from 'vitest';
import { type OrderRefused, orderRefused } from '../../contracts/order.ts';
import { parseEvent } from '../../contracts/parse.ts';
import { subscribeToBus } from './bus-queue.ts';
import {
  decided,
  eventually,
  placed,
  publish,
  setStock,
  takeDeadLetter,
  takeMessage,
  testOrder,
} from './deployed-shop.ts';

const SOURCE = `/shop/checkout-${ulid()}`;

let queue: string;

beforeAll(async () => {
  queue = await subscribeToBus([orderRefused.type], { data: { source: [SOURCE] } });
});

const refusalOf = (id: string): Promise<OrderRefused> =>
  eventually(`the publisher is told that ${id} is refused`, async () => {
    const found = await takeMessage(queue, (body) => body.includes(id));
    return found === undefined ? undefined : parseEvent(found.Body ?? '', [orderRefused]);
  });

describe("A publisher's team that subscribes to what is refused", () => {
  test('is told what is wrong with a message, which is dead-lettered with the same reason', async () => {
    const message = { ...placed(testOrder()), source: SOURCE };
    const [item] = message.data.items;
    await publish({ ...message, data: { ...message.data, items: [{ ...item, quantity: 0 }] } });
    const { data } = await refusalOf(message.id);
    expect(data).toEqual({
      orderId: message.data.orderId,
      source: SOURCE,
      id: message.id,
      problems: [{ path: 'data.items[0].quantity', problem: 'must be at least 1' }],
    });
    const letter = await takeDeadLetter('order', message.id);
    expect(letter).toMatchObject({ errorType: 'ContractError', attempts: '1' });
    expect(letter.errorMessage).toBe('data.items[0].quantity: must be at least 1');
  });

  test('is told that an order contradicts the one on record, and not of the orders that are taken', async () => {
    const order = testOrder();
    await setStock(order.sku, 1);
    await publish({ ...placed(order), source: SOURCE });
    await decided(order.orderId);
    const again = { ...placed(order), source: SOURCE };
    await publish({ ...again, data: { ...again.data, payment: { kind: 'captured', reference: 'pi_1' } } });
    const { data } = await refusalOf(again.id);
    expect(data.problems).toEqual([
      { path: 'data.payment', problem: `Order ${order.orderId} was already placed with another payment` },
    ]);
    expect(await takeMessage(queue, () => true)).toBeUndefined();
  });
});
