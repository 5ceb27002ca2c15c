import fc from 'fast-check';
import type { CloudEvent } from '../../contracts/cloud-event.ts';
import type { Payment } from '../../contracts/order.ts';
import type { OrderInput } from '../../lambdas/order/input.ts';
import { nextOrder } from '../../lambdas/order/rules.ts';
import { delivery } from './deliveries.ts';
import {
  authorized,
  cancelRequested,
  line,
  paymentReceived,
  placed,
  priced,
  refundRequested,
  reminderDue,
  reserved,
  shipped,
} from './events.ts';
import { memorySweep } from './memory-sweep.ts';
import { SimulatedShop } from './simulated-shop.ts';

const RUNS = 40;
const HOURS_2 = 2 * 3_600;
const DAYS_3 = 3 * 86_400;

const token: Payment = { token: 'tok_visa' };
const awaited: Payment = { kind: 'awaited' };
const order = (orderId: string, payment: Payment, { sku = 'A', phone }: { sku?: string; phone?: string } = {}) =>
  placed({ orderId, payment, items: [priced(sku, 1, 500)], ...(phone && { phone }) });

/** Everything that can come of an order before it leaves: paid, declined, sold out, refunded, nobody to text, late. */
const ORDERS = [
  order('paid', token),
  order('declined', { token: 'tok_declined' }),
  order('sold-out', token, { sku: 'none' }),
  order('refunded', { kind: 'captured', reference: 'pay_1' }, { sku: 'none' }),
  order('reported', awaited),
  order('refund-due', awaited, { sku: 'none' }),
  order('no-number', token, { phone: 'none' }),
  order('cancelled', awaited),
  order('late', awaited),
];
/** What comes of those that are confirmed. */
const AFTERWARDS = [
  shipped({ orderId: 'reported' }),
  cancelRequested({ orderId: 'reported' }),
  refundRequested({ orderId: 'paid', amount: 100, items: [{ ...line('A'), restock: true }] }),
  refundRequested({ orderId: 'paid', refundId: 'r-2', amount: 500 }),
];
const UNPUBLISHED = order('unpublished', token);
const UNCONFIRMED = order('unconfirmed', token);
const REST = [
  ...['reported', 'refund-due'].map((orderId) => paymentReceived({ orderId, amount: 500 })),
  cancelRequested({ orderId: 'cancelled' }),
  { ...placed({ orderId: 'broken' }), data: { orderId: 'broken' } },
];

/** Runs all consumers and the sweep until every order has ended, in many sequences and with faults; returns what each put on the bus. */
export async function eventsPut(): Promise<{ by: string; event: CloudEvent }[]> {
  const numbers = fc.array(fc.nat({ max: 10_000 }), { minLength: 100, maxLength: 1_000, size: 'max' });
  const chances = fc.sample(fc.tuple(numbers, numbers), { seed: 1, numRuns: RUNS });
  const all: { by: string; event: CloudEvent }[] = [];
  for (const chance of chances) all.push(...(await runOnce(chance)));
  return all;
}

async function runOnce([first, second]: [number[], number[]]) {
  const shop = new SimulatedShop({ A: 20 });
  const { simulation } = shop;
  const said: { by: string; event: CloudEvent }[] = [];
  const tables = shop.tables();
  const publish = async (events: readonly CloudEvent[]) =>
    events.map((event) => {
      said.push({ by: 'sweep', event });
      simulation.send(event);
      return undefined;
    });
  const sweep = memorySweep(tables, publish, simulation.now, { reminderMs: HOURS_2 * 500 });
  for (const event of [...ORDERS, ...REST]) simulation.send(event);
  for (const { data } of ORDERS) shop.mayBeReminded.add(data.orderId);
  await simulation.run(first);
  // Of one, payment and stock have not heard; of the other, `outcomes` died before it published what it had written.
  const write = (event: OrderInput) => {
    const { orderId } = event.data;
    const { after } = nextOrder(shop.orders.items.get(orderId), delivery(event), simulation.now());
    if (after !== undefined) shop.orders.items.set(orderId, { ...after, version: after.version + 1 });
  };
  for (const event of [order('unheard', token), UNPUBLISHED, reminderDue({ orderId: 'unpublished' })]) write(event);
  write(shipped({ orderId: 'paid' }));
  for (const event of AFTERWARDS) simulation.send(event);
  simulation.replay('outcomes', cancelRequested({ orderId: 'reported', id: 'replayed' }));
  // And notification has lost the record of a decision.
  shop.notifications.items.delete('declined');
  simulation.clock += HOURS_2;
  await sweep.run();
  // `outcomes` died once more, and the publisher repeats itself: what another consumer could not publish, `order` does.
  const orderId = 'unconfirmed';
  const outcomes = [reserved({ orderId, items: [line('A')] }), authorized({ orderId, amount: 500 })];
  for (const event of [UNCONFIRMED, ...outcomes]) write(event);
  for (const event of [...ORDERS, UNPUBLISHED, UNCONFIRMED]) simulation.send(event);
  await simulation.run(second);
  simulation.clock += DAYS_3;
  await sweep.run();
  await simulation.run([]);
  return [...said, ...simulation.put];
}
