import type { OrderProgressed } from '../../contracts/lifecycle.ts';
import { type Line, orderPlaced } from '../../contracts/order.ts';
import type { Delivery } from '../runtime/delivery.ts';
import { OutOfSequenceError } from '../runtime/failure.ts';
import type { OrderRecord } from '../runtime/records.ts';
import type { Transition } from '../runtime/state-machine.ts';
import { tombstoneExpiry } from '../runtime/tombstone.ts';

/**
 * An order's shipment record: the last step handled, and what to ship once the order is confirmed. A shipment with `cancelledAt` must
 * not leave: the order was cancelled after its confirmation.
 */
export type Shipment = OrderRecord & {
  sequence: number;
  status?: 'PLACED' | 'CONFIRMED' | 'CANCELLED';
  shipment?: { items: Line[]; recordedAt: string; cancelledAt?: string };
  /** When the cancellation of an order that does not come is forgotten (seconds since 1970). */
  expiresAt?: number;
};

/**
 * Applies the next step of an order. A step that was handled before changes nothing. Throws `OutOfSequenceError` if an earlier
 * step is missing, so that the message is retried until that one was handled.
 */
export function nextShipment(
  shipment: Shipment | undefined,
  { event, time }: Delivery<OrderProgressed>,
): Transition<Shipment, never> {
  const { orderId, sequence, step, status } = event.data;
  const handled = shipment?.sequence ?? 0;
  if (sequence <= handled) return {};
  if (sequence > handled + 1) {
    throw new OutOfSequenceError(`Step ${handled + 1} of order ${orderId} has not come yet, this is step ${sequence}`);
  }
  const before: Shipment = shipment ?? { orderId, version: 0, sequence: 0 };
  // Nothing leaves CANCELLED.
  const after =
    status === undefined || before.status === 'CANCELLED' ? before : withStatus(before, status, event.data, time);
  const { expiresAt: _, ...placed } = after;
  return { after: { ...(step === orderPlaced.type ? placed : after), sequence } };
}

function withStatus(
  before: Shipment,
  status: NonNullable<Shipment['status']>,
  { items }: OrderProgressed['data'],
  time: string,
): Shipment {
  const after: Shipment = { ...before, status };
  switch (status) {
    case 'PLACED':
      return after;
    case 'CONFIRMED':
      return items === undefined ? after : { ...after, shipment: before.shipment ?? { items, recordedAt: time } };
    case 'CANCELLED':
      if (before.shipment !== undefined) return { ...after, shipment: { ...before.shipment, cancelledAt: time } };
      return before.status === undefined ? { ...after, expiresAt: tombstoneExpiry(new Date(time)) } : after;
  }
}
