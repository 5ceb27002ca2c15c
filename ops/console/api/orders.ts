import type { Line } from '../../../contracts/order.ts';
import type { RecentOrder } from '../../orders/recent.ts';
import type { RefundSums } from '../../orders/refunds.ts';
import type { Trace } from '../../orders/trace.ts';

/** A row of `GET /api/orders`. */
export type OrderRow = RecentOrder;

/** `GET /api/orders/<id>/view`: what the page of one order shows. */
export type OrderView = {
  /** The document of `ops trace <id> --json`. */
  trace: Trace;
  /** What it takes from the shelves, one line per SKU, as far as stock has seen it. */
  goods: readonly Line[];
  /** What a refund can send back and count back; absent where nothing of the order can be refunded. */
  refundable?: Refundable;
  /** Nothing more is to come of it by itself. */
  isAtRest: boolean;
  /** A sentence for all that could not be read. */
  notices: string[];
};

/** What is left of an order's money, in the minor unit of its currency, and of its goods. */
export type Refundable = RefundSums & { left: number; goods: readonly Line[] };

/** `GET /api/scenarios` */
export type Scenarios = {
  scenarios: { name: string; story: string; status: string; reason?: string }[];
  /** Why no test order can be placed here. */
  refusal?: string;
};
