import { CANCELLATION_REFUND, type ReturnedLine } from '../../contracts/order.ts';
import type { Notification, OutgoingText } from '../../lambdas/notification/rules.ts';
import { isDecided, type Order } from '../../lambdas/order/record.ts';
import type { GatewayBook } from './gateway-model.ts';
import { Violation } from './observer.ts';
import type { Seen } from './state.ts';
import type { Stock } from './stock-step.ts';

const RANKS = { none: 0, PLACED: 1, CONFIRMED: 2, CANCELLED: 3 } as const;

/** Throws `Violation` where something is wrong. */
export const refuse = (isWrong: boolean | undefined, problem: string): void => {
  if (isWrong) throw new Violation(problem);
};

/** Checks a write of an order: its status moves forward, no confirmed order times out, and none is cancelled of which goods left. */
export function checkOrder(before: Order | undefined, after: Order | undefined, { wasConfirmed }: Seen): void {
  const from = before?.status ?? 'none';
  const to = after?.status ?? 'none';
  refuse(RANKS[to] < RANKS[from], `The status goes back from ${from} to ${to}`);
  refuse(
    from !== to && to === 'CANCELLED' && after?.reason === 'timed-out' && wasConfirmed,
    'Timed out after it had been confirmed',
  );
  // What a table that was put back has forgotten may contradict what a replay told of the goods: a person is told.
  const isUndone = before?.dispatched && (from === 'CONFIRMED' || after?.reason === 'customer');
  refuse(from !== to && to === 'CANCELLED' && isUndone, 'Cancelled after goods of it left');
}

/** Checks that a replay without effects decides nothing. */
export const checkReplay = (before: Order | undefined, after: Order | undefined): void =>
  refuse(
    after !== undefined && isDecided(after) && after.status !== before?.status,
    `A replay decides: ${after?.status}`,
  );

/**
 * Checks what the provider did: it holds and takes the total once, takes only what was confirmed, gives no more back, and nothing for the
 * cancellation of an order of which goods left, unless a person was told.
 */
export function checkBook(
  before: GatewayBook,
  after: GatewayBook,
  { wasConfirmed, hasLeft }: Seen,
  order: Order | undefined,
): void {
  refuse(after.holds > 1, 'The total is held twice');
  refuse(after.captured > after.held, 'More is captured than was held');
  refuse(after.captured > before.captured && !wasConfirmed, 'Captured before a confirmation was published');
  refuse(refundedOf(after) > after.captured, 'More is refunded than was captured');
  const isForCancellation = isRefunded(after, CANCELLATION_REFUND) && !isRefunded(before, CANCELLATION_REFUND);
  const isAtWork = hasLeft && order?.contradiction === undefined;
  refuse(isForCancellation && isAtWork, 'The order is refunded for a cancellation, and goods of it left');
}

const isRefunded = ({ refunds }: GatewayBook, id: string) => refunds.some(({ refundId }) => refundId === id);

/** Returns how much went back, in the currency's minor unit. */
export const refundedOf = ({ refunds }: GatewayBook) => refunds.reduce((sum, { amount }) => sum + amount, 0);

/** Checks that nothing is put on the shelf that left, no number of a shelf is below zero, and that the sum of its numbers grows by what comes back, and by nothing else. */
export function checkStock(before: Stock, after: Stock): void {
  const isPutBack = after.reservation?.state === 'released' && before.reservation?.state !== 'released';
  refuse(before.reservation?.dispatched && isPutBack, 'What left is put on the shelf');
  for (const [sku, shelf] of Object.entries(after.shelves)) {
    refuse(Math.min(...Object.values(shelf)) < 0, `Shelf ${sku} is below zero: ${JSON.stringify(shelf)}`);
    const added = piecesOf(after, sku) - piecesOf(before, sku);
    const cameBack = returnedOf(after, sku, onShelf) - returnedOf(before, sku, onShelf);
    refuse(added !== cameBack, `Shelf ${sku} has ${added} pieces more, and ${cameBack} came back`);
  }
  for (const { sku, quantity } of after.reservation?.lines ?? [])
    refuse(
      returnedOf(after, sku) > quantity,
      `${returnedOf(after, sku)} of ${sku} came back, and ${quantity} were sold`,
    );
}

const piecesOf = ({ shelves }: Stock, sku: string): number =>
  Object.values(shelves[sku] ?? {}).reduce((sum, pieces) => sum + pieces, 0);

const onShelf = ({ restock }: ReturnedLine): boolean => restock;

/** Returns how many pieces of a SKU came back, of those that count. @default all count */
export const returnedOf = ({ reservation }: Stock, sku: string, counts = (_: ReturnedLine) => true): number =>
  (reservation?.returned ?? [])
    .flatMap(({ lines }) => lines)
    .filter((line) => line.sku === sku && counts(line))
    .reduce((sum, { quantity }) => sum + quantity, 0);

/** The texts that follow the decision's. */
export const FOLLOW_UPS: ReadonlySet<string> = new Set(['order-shipped', 'order-refunded']);

/** Checks that nobody is texted of a shipment or a refund who was to be told of a cancellation. */
export const checkText = (notification: Notification | undefined, { template }: OutgoingText): void =>
  refuse(
    notification?.decision === 'order-cancelled' && FOLLOW_UPS.has(template),
    `${template} is texted after the cancellation`,
  );
