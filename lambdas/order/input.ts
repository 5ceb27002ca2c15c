import type { EventOf } from '../../contracts/cloud-event.ts';
import { orderRefundRequested } from '../../contracts/order.ts';
import { stockReceived } from '../../contracts/stock.ts';
import type { consumes as fromBus } from '../outcomes/consumes.ts';
import type { consumes as fromTopic } from './consumes.ts';

/** The events of the topic that others handle: `order` only validates them, so that a broken one is refused. */
export const validatedOnly = [orderRefundRequested, stockReceived] as const;

export type ValidatedEvent = EventOf<(typeof validatedOnly)[number]>;

/** An event that an order's record is built from. */
export type OrderInput = Exclude<EventOf<(typeof fromTopic)[number] | (typeof fromBus)[number]>, ValidatedEvent>;
