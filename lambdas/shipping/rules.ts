import type { OrderProgressed } from '../../contracts/lifecycle.ts';
import { type Line, orderPlaced } from '../../contracts/order.ts';
import type { Delivery } from '../runtime/delivery.ts';
import { ConflictError } from '../runtime/failure.ts';
import type { OrderRecord } from '../runtime/records.ts';
import type { Transition } from '../runtime/state-machine.ts';
import { tombstoneExpiry } from '../runtime/tombstone.ts';

/** A step with the time that a shipment is recorded or cancelled under. */
type Step = Omit<OrderProgressed['data'], 'orderId' | 'reason'> & { time: string };

/**
 * An order's shipment record: the step up to which all were applied, and what to ship once the order is confirmed. A shipment with
 * `cancelledAt` must not leave: the order was cancelled after its confirmation.
 */
export type Shipment = OrderRecord & {
  /** The last step applied in sequence; 0 while the first one is missing. */
  sequence: number;
  status?: 'PLACED' | 'CONFIRMED' | 'CANCELLED';
  shipment?: { items: Line[]; recordedAt: string; cancelledAt?: string };
  /** The steps that came before an earlier one, in sequence. They are applied after it. */
  parked?: Step[];
  /** When the cancellation of an order that does not come is forgotten (seconds since 1970). */
  expiresAt?: number;
};

/**
 * How many steps of one order are parked at most. An order has about ten steps, and one for each parcel, refund and return; a record with so
 * many is far below the 400 kB that DynamoDB keeps.
 */
export const MAX_PARKED = 100;

/**
 * Applies an order's steps in sequence, whatever the order in which they come: a step that comes before an earlier one is parked, so that
 * its message is done and stands before nothing. A parked cancellation already stops the shipment.
 *
 * A step that was handled before changes nothing. Once the orders table was put back, other steps come under the same numbers: of those,
 * what moves the status forward still counts. Throws `ConflictError` where `MAX_PARKED` steps are parked already.
 */
export function nextShipment(
  shipment: Shipment | undefined,
  { event, time }: Delivery<OrderProgressed>,
): Transition<Shipment, never> {
  const { orderId, reason: _, ...data } = event.data;
  const before: Shipment = shipment ?? { orderId, version: 0, sequence: 0 };
  const step = { ...data, time };
  const received = step.sequence > before.sequence + 1 ? park(before, step) : apply(before, step);
  const after = applyParked(received);
  return after === before ? {} : { after };
}

function park(before: Shipment, step: Step): Shipment {
  const { parked = [] } = before;
  if (parked.some((one) => one.sequence === step.sequence && one.step === step.step)) return before;
  if (parked.length >= MAX_PARKED && step.status !== 'CANCELLED') {
    throw new ConflictError(
      `${MAX_PARKED} later steps of order ${before.orderId} wait for step ${before.sequence + 1}, which has to be redriven first`,
      'data.sequence',
    );
  }
  const after = { ...before, parked: [...parked, step].sort((one, other) => one.sequence - other.sequence) };
  return step.status === 'CANCELLED' ? withStatus(after, step) : after;
}

/** Applies the parked steps that are next. */
function applyParked(before: Shipment): Shipment {
  const { parked: [next, ...parked] = [], ...rest } = before;
  if (next === undefined || next.sequence > before.sequence + 1) return before;
  return applyParked(apply(parked.length === 0 ? rest : { ...rest, parked }, next));
}

function apply(before: Shipment, step: Step): Shipment {
  const after = step.step === orderPlaced.type ? withoutExpiry(withStatus(before, step)) : withStatus(before, step);
  return step.sequence > after.sequence ? { ...after, sequence: step.sequence } : after;
}

function withoutExpiry(before: Shipment): Shipment {
  if (before.expiresAt === undefined) return before;
  const { expiresAt: _, ...after } = before;
  return after;
}

/** Moves the status forward, never back. */
function withStatus(before: Shipment, step: Step): Shipment {
  switch (step.status) {
    case undefined:
      return before;
    case 'PLACED':
      return before.status === undefined ? { ...before, status: 'PLACED' } : before;
    case 'CONFIRMED':
      return confirmed(before, step);
    case 'CANCELLED':
      return before.status === 'CANCELLED' ? before : cancelled(before, step);
  }
}

function confirmed(before: Shipment, { items, time }: Step): Shipment {
  // A parked cancellation comes after this step, any other one came before it, and nothing leaves CANCELLED.
  const stop = before.parked?.find(({ status }) => status === 'CANCELLED');
  const isOver = before.status === 'CANCELLED' && stop === undefined;
  if (isOver || before.status === 'CONFIRMED' || before.shipment !== undefined) return before;
  const after: Shipment = { ...before, status: stop === undefined ? 'CONFIRMED' : 'CANCELLED' };
  if (items === undefined) return after;
  return { ...after, shipment: { items, recordedAt: time, ...(stop === undefined ? {} : { cancelledAt: stop.time }) } };
}

function cancelled({ shipment, ...before }: Shipment, { time }: Step): Shipment {
  const after: Shipment = { ...before, status: 'CANCELLED' };
  if (shipment !== undefined) return { ...after, shipment: { ...shipment, cancelledAt: time } };
  return before.status === undefined ? { ...after, expiresAt: tombstoneExpiry(new Date(time)) } : after;
}
