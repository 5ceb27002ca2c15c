import { hash } from 'node:crypto';
import { continueTrace } from '../../contracts/traceparent.ts';
import type { ArchivedMessage } from '../../lambdas/archive/object.ts';
import { captured, confirmed, line, placed, priced, progressed, reserved } from './events.ts';

/** Returns an archived message that arrived the given number of milliseconds after nine o'clock. */
export const archivedMessageAt = (milliseconds: number, body = `m-${milliseconds}`): ArchivedMessage => ({
  time: new Date(Date.UTC(2026, 10, 21, 9) + milliseconds).toISOString(),
  body,
});

/** Returns the archived events of confirmed orders, each of another customer with other items, one second apart. */
export function archivedOrderEvents(count: number): ArchivedMessage[] {
  return Array.from({ length: count }, (_, number) => {
    const hashOf = (what: string, digits: number) => hash('sha256', `${what}${number}`).slice(0, digits);
    const numberBelow = (what: string, below: number) => Number.parseInt(hashOf(what, 10), 16) % below;
    const orderId = hashOf('order', 32).replace(/(.{8})(.{4})(.{4})(.{4})(.*)/, '$1-$2-$3-$4-$5');
    const [sku, unitPrice] = [`SKU-${numberBelow('sku', 5_000)}`, 1_000 * (1 + numberBelow('price', 200))];
    const items = [line(sku)];
    const phone = `+8210${String(numberBelow('phone', 1e8)).padStart(8, '0')}`;
    const steps = ['order.placed', 'payment.captured', 'stock.reserved', 'order.confirmed'];
    const events = [
      placed({
        id: hashOf('id', 26),
        orderId,
        items: [priced(sku, 1, unitPrice)],
        phone,
        token: `pm_${hashOf('token', 24)}`,
      }),
      captured({ orderId, amount: unitPrice }),
      reserved({ orderId, items }),
      confirmed({ orderId, items, amount: unitPrice }),
      { ...captured({ orderId }), type: 'shop.notification.sent.v1', data: { orderId, template: 'order-confirmed' } },
      ...steps.map((step, index) =>
        progressed({ orderId, sequence: index + 1, step: `shop.${step}.v1`, status: 'PLACED' }),
      ),
    ];
    return events.map((event, index) => {
      const { time } = archivedMessageAt(number * 1_000 + index * 137 + numberBelow('came', 100));
      const traceparent = continueTrace(undefined, orderId, event.id);
      return { time, body: JSON.stringify({ ...event, time, ...(index === 0 ? {} : { traceparent }) }) };
    });
  }).flat();
}
