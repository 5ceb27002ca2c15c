import type { EventOf } from '../../contracts/cloud-event.ts';
import type { StockReceived } from '../../contracts/stock.ts';
import type { consumes as fromBus } from '../outcomes/consumes.ts';
import type { consumes as fromTopic } from './consumes.ts';

/** An event that an order's record is built from. */
export type OrderInput = Exclude<EventOf<(typeof fromTopic)[number] | (typeof fromBus)[number]>, StockReceived>;
