import { linesNotReturned } from '../../../lambdas/stock/record.ts';
import { connectQueues, type DeadLetterQueue } from '../../dlq/queue.ts';
import { collectTrace } from '../../orders/collect-trace.ts';
import { isSettled } from '../../orders/find-trace.ts';
import { loadWholeOrder, type OrderRecords } from '../../orders/records.ts';
import { refundSums } from '../../orders/refunds.ts';
import type { Trace } from '../../orders/trace.ts';
import { type FoundDeadLetters, findDeadLetters } from '../../orders/trace-dead-letters.ts';
import type { DeployedShop } from '../../stack.ts';
import type { OrderView, Refundable } from '../api/orders.ts';

const LOG_HOURS = 24;

/** Reads an order again and again, as a page does that shows it live. */
export class OrderReader {
  private readonly queues = new WeakMap<DeployedShop, readonly DeadLetterQueue[]>();
  private readonly letters = new Map<string, { depths: string; found: FoundDeadLetters }>();

  /** Returns the document of `trace <id> --json`, and what could not be read of it. */
  trace(shop: DeployedShop, orderId: string): Promise<{ trace: Trace; notices: string[] }> {
    return collectTrace(shop, orderId, {
      logHours: LOG_HOURS,
      findLetters: () => this.findLetters(this.queuesOf(shop), orderId),
    });
  }

  async view(shop: DeployedShop, orderId: string): Promise<OrderView> {
    const [{ trace, notices }, records] = await Promise.all([this.trace(shop, orderId), loadWholeOrder(shop, orderId)]);
    const refundable = refundableOf(records);
    return {
      trace,
      goods: records.reservation?.lines ?? [],
      ...(refundable === undefined ? {} : { refundable }),
      isAtRest: isAtRest(trace, Date.now()),
      notices,
    };
  }

  private queuesOf(shop: DeployedShop): readonly DeadLetterQueue[] {
    const queues = this.queues.get(shop) ?? connectQueues(shop);
    this.queues.set(shop, queues);
    return queues;
  }

  /**
   * Searches the dead-letter queues only when one of them has changed: a search keeps their letters from others for a moment, and may take
   * as many calls as there are letters.
   */
  private async findLetters(queues: readonly DeadLetterQueue[], orderId: string): Promise<FoundDeadLetters> {
    const counts = await Promise.all(queues.map((queue) => queue.depth()));
    const depths = counts.map(({ waiting, inFlight }) => waiting + inFlight).join();
    const known = this.letters.get(orderId);
    if (known?.depths === depths && known.found.incomplete.length === 0) return known.found;
    const found = await findDeadLetters(queues, orderId);
    this.letters.set(orderId, { depths, found });
    const [oldest] = this.letters.keys();
    if (this.letters.size > MAX_KNOWN && oldest !== undefined) this.letters.delete(oldest);
    return found;
  }
}

// Nobody looks at more at a time.
const MAX_KNOWN = 50;

const QUIET_MS = 60_000;

/** Tells whether nothing more is to come of an order: it is settled, nothing of it waits, and nothing has happened to it for a minute. */
export function isAtRest(trace: Trace, now: number): boolean {
  const { timeline, nextTryAt, textNotBefore } = trace;
  const last = Math.max(...timeline.map(({ time }) => Date.parse(time)));
  return isSettled(trace) && nextTryAt === undefined && textNotBefore === undefined && now - last >= QUIET_MS;
}

/** Returns what is left of a confirmed order to be refunded. */
function refundableOf({ order, payment, reservation }: OrderRecords): Refundable | undefined {
  if (order?.status !== 'CONFIRMED' || payment === undefined) return undefined;
  const sums = refundSums(payment);
  const goods = reservation?.state === 'sold' || reservation?.state === 'reserved' ? linesNotReturned(reservation) : [];
  return { ...sums, left: Math.max(0, sums.captured - sums.refunded), goods };
}
