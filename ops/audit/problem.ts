import type { Shipment } from '../../lambdas/shipping/rules.ts';
import type { Progress } from '../../lambdas/sweep/order-index.ts';
import type { OrderRecords, SweepMessage } from '../../lambdas/sweep/rules.ts';
import { shellArgument } from '../command.ts';
import type { JudgingTimes } from '../sweep-times.ts';

/** What all consumers have on record about one order. */
export type AuditRecords = OrderRecords & { shipment?: Shipment | undefined };

/** What an order's records are judged by: the sweep's own times, and how far it has come. */
export type AuditContext = { times: JudgingTimes; now: Date; progress: Progress };

/** What of an order disagrees with what, and what mends it; with the message of the sweep that does, if one does. */
export type Problem = { problem: string; repair: string; message?: SweepMessage | undefined };

/** An order whose records disagree; `since`: when one of them last changed. */
export type Disagreement = Problem & { orderId: string; since?: string | undefined };

/** How often the sweep runs. */
export const SWEEP_INTERVAL_MS = 300_000;

/** Says that no event can mend it: a person has to find out something first. */
export const byPerson = (orderId: string, what: string): string =>
  `No event mends this: a person finds out ${what} (npm run ops -- trace ${shellArgument(orderId)}) and settles it with the customer.`;
