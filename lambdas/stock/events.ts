import { buildEvent, type CloudEvent, type EventContract, type TraceContext } from '../../contracts/cloud-event.ts';
import { stockRejected, stockReleased, stockReserved, stockReturned } from '../../contracts/stock.ts';
import { linesNotReturned, type Reservation, type Return } from './record.ts';

/** Builds the event that tells what became of an order's goods: always the same one for the same record. */
export function outcomeEvents(reservation: Reservation, trace: TraceContext): CloudEvent[] {
  const { orderId, state, lines, short = [], time } = reservation;
  const event = <Items>(contract: EventContract<string, { orderId: string; items: Items }>, items: Items) =>
    buildEvent(contract, {
      id: `${orderId}.${contract.type}`,
      time,
      subject: orderId,
      trace,
      data: { orderId, items },
    });
  if (state === 'reserved' || state === 'sold') return [event(stockReserved, lines)];
  if (state === 'rejected') return [event(stockRejected, short)];
  return state === 'released' ? [event(stockReleased, linesNotReturned(reservation))] : [];
}

/** Builds the event that goods of an order came back. */
export const returnedEvent = (orderId: string, { refundId, lines, time }: Return, trace: TraceContext): CloudEvent =>
  buildEvent(stockReturned, {
    id: `${orderId}.returned.${refundId}`,
    time,
    subject: orderId,
    trace,
    data: { orderId, refundId, items: [...lines] },
  });
