import type { OrderProgressed } from '../../contracts/lifecycle.ts';
import type { Line } from '../../contracts/order.ts';
import type { Delivery } from '../runtime/delivery.ts';
import { OutOfSequenceError } from '../runtime/failure.ts';
import type { OrderRecord } from '../runtime/records.ts';
import type { Transition } from '../runtime/state-machine.ts';

/**
 * An order's shipment record: the last step handled, and what to ship once the order is confirmed. A shipment with `cancelledAt` must
 * not leave: the order was cancelled after its confirmation.
 */
export type Shipment = OrderRecord & {
  sequence: number;
  status?: 'PLACED' | 'CONFIRMED' | 'CANCELLED';
  shipment?: { items: Line[]; recordedAt: string; cancelledAt?: string };
};

/**
 * Applies the next step of an order. A step that was handled before changes nothing. Throws `OutOfSequenceError` if an earlier
 * step is missing, so that the message is retried until that one was handled.
 */
export function nextShipment(
  shipment: Shipment | undefined,
  { event, time }: Delivery<OrderProgressed>,
): Transition<Shipment, never> {
  const { orderId, sequence, status, items } = event.data;
  const handled = shipment?.sequence ?? 0;
  if (sequence <= handled) return {};
  if (sequence > handled + 1) {
    throw new OutOfSequenceError(`Step ${handled + 1} of order ${orderId} has not come yet, this is step ${sequence}`);
  }
  const before: Shipment = shipment ?? { orderId, version: 0, sequence: 0 };
  const after: Shipment = { ...before, sequence };
  // Nothing leaves CANCELLED.
  if (status === undefined || before.status === 'CANCELLED') return { after };
  after.status = status;
  if (status === 'CONFIRMED' && items !== undefined) after.shipment ??= { items, recordedAt: time };
  if (status === 'CANCELLED' && before.shipment !== undefined)
    after.shipment = { ...before.shipment, cancelledAt: time };
  return { after };
}
