import type { OrderProgressed } from '../../contracts/lifecycle.ts';
import type { Line } from '../../contracts/order.ts';
import type { Delivery } from '../runtime/delivery.ts';
import { OutOfSequenceError } from '../runtime/failure.ts';
import type { OrderRecord } from '../runtime/records.ts';
import type { Transition } from '../runtime/state-machine.ts';

/** What is kept of an order's shipment: how far its steps were followed, and what is to be shipped once it is confirmed. */
export type Shipment = OrderRecord & {
  sequence: number;
  status?: 'PLACED' | 'CONFIRMED' | 'CANCELLED';
  shipment?: { items: Line[]; recordedAt: string };
};

/**
 * Takes a shipment as it is known and the next step of its order and gives what to write. A step seen before changes
 * nothing; a step that comes before its predecessor waits for it (`OutOfSequenceError`).
 */
export function nextShipment(
  known: Shipment | undefined,
  { event, time }: Delivery<OrderProgressed>,
): Transition<Shipment, never> {
  const { orderId, sequence, status, items } = event.data;
  const followed = known?.sequence ?? 0;
  if (sequence <= followed) return {};
  if (sequence > followed + 1) {
    throw new OutOfSequenceError(`Step ${followed + 1} of order ${orderId} has not come yet, this is step ${sequence}`);
  }
  const confirmed = status === 'CONFIRMED' && known?.shipment === undefined && items !== undefined;
  const before = known ?? { orderId, version: 0, sequence: 0 };
  const after: Shipment = { ...before, sequence };
  if (status !== undefined) after.status = status;
  if (confirmed) after.shipment = { items, recordedAt: time };
  return { after };
}
