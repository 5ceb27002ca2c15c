import { buildEvent, type CloudEvent } from '../../../contracts/cloud-event.ts';
import { orderProgressed } from '../../../contracts/lifecycle.ts';
import { notificationSent } from '../../../contracts/notification.ts';
import { orderConfirmed, orderPlaced } from '../../../contracts/order.ts';
import { paymentCaptured } from '../../../contracts/payment.ts';
import { stockReserved } from '../../../contracts/stock.ts';
import type { Consumer } from './shop.ts';

type OfOrder = CloudEvent<string, { orderId: string }>;

/** What is left of a consumer when it keeps nothing and decides nothing: what it publishes on the bus and the feed, and whether it texts. */
export type Passed = { orderId: string; publish: CloudEvent[]; steps: CloudEvent[]; text: boolean };

const MONEY = { amount: 12_000, currency: 'KRW' };
const ITEMS = [{ sku: 'SKU-0', quantity: 1 }];

/**
 * Takes a consumer and an event and gives what is passed on of it: the same messages as in the whole job, with no rule, no table
 * and no gateway. The reserved goods alone make a confirmation.
 */
export function passedOn(consumer: Consumer, { type, data: { orderId } }: OfOrder): Passed {
  const about = { time: new Date().toISOString(), subject: orderId };
  const isPlaced = type === orderPlaced.type;
  const passed: Passed = { orderId, publish: [], steps: [], text: false };
  if (consumer === 'payment') {
    const data = { orderId, ...MONEY };
    passed.publish.push(buildEvent(paymentCaptured, { ...about, id: `${orderId}.captured`, data }));
  } else if (consumer === 'stock' && isPlaced) {
    const data = { orderId, items: ITEMS };
    passed.publish.push(buildEvent(stockReserved, { ...about, id: `${orderId}.reserved`, data }));
  } else if (consumer === 'notification' && !isPlaced) {
    passed.text = true;
    const data = { orderId, template: 'order-confirmed' as const };
    passed.publish.push(buildEvent(notificationSent, { ...about, id: `${orderId}.sent`, data }));
  } else if (consumer === 'order' || consumer === 'outcomes') {
    const isDecided = type === stockReserved.type;
    const steps = isDecided ? [type, orderConfirmed.type] : [type];
    passed.steps = steps.map((step) =>
      buildEvent(orderProgressed, { ...about, id: `${orderId}.${step}`, data: { orderId, sequence: 1, step } }),
    );
    const data = { orderId, items: ITEMS, total: MONEY };
    if (isDecided) passed.publish.push(buildEvent(orderConfirmed, { ...about, id: `${orderId}.decided`, data }));
  }
  return passed;
}
