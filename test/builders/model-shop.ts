import { expect } from 'vitest';
import type { CloudEvent } from '../../contracts/cloud-event.ts';
import { goodsOf, type Line, type OrderPlaced } from '../../contracts/order.ts';
import type { StockReceived } from '../../contracts/stock.ts';
import type { Order } from '../../lambdas/order/record.ts';
import type { Payment } from '../../lambdas/payment/record.ts';
import type { Shelf } from '../../lambdas/stock/record.ts';
import type { StockInput } from '../../lambdas/stock/rules.ts';
import type { LedgerEntry } from './gateway.ts';

type Decision = 'confirmed' | 'customer' | 'timed-out' | 'payment-declined' | 'out-of-stock';
/** What was heard of an order, and what follows. A confirmed order is still cancelled by its customer, and where its payment has lapsed. */
type OrderCase = { eventTypes: Set<string>; wasConfirmed: boolean; decision?: Decision | undefined };
type HoldState = 'held' | 'sold' | 'none';

/**
 * A simple model of the shop, written independently of the product's code. It receives what was actually written, in sequence,
 * and asserts what the records must contain.
 */
export class ModelShop {
  private readonly cases = new Map<string, OrderCase>();
  private readonly stock = new Map<string, number>();
  private readonly reservations = new Map<string, { lines: Line[]; held: HoldState }>();
  private readonly snapshots: ReadonlyMap<string, number>[] = [];
  /** The stock before the transaction that is applied, and once what comes back or in by it is there. */
  private latest: ReadonlyMap<string, number> = new Map();
  private afterReturns: ReadonlyMap<string, number> = new Map();
  /** What came in of each SKU: at the start, and by receipts. */
  private readonly received: Map<string, number>;
  private readonly receipts = new Set<string>();
  private readonly bills = new Map<string, OrderPlaced['data']>();

  constructor(start: Record<string, number>) {
    this.received = new Map(Object.entries(start));
    for (const [sku, quantity] of this.received) this.stock.set(sku, quantity);
    this.snapshots.push(new Map(this.stock));
  }

  /** Remembers what an order costs and how it is paid. */
  recordBill({ data }: OrderPlaced): void {
    this.bills.set(data.orderId, data);
  }

  private kindOf(orderId: string): string {
    const bill = this.bills.get(orderId);
    return bill?.total.amount === 0 ? 'free' : (bill?.payment?.kind ?? 'token');
  }

  /** Returns the token or the reference that an order is paid by. */
  private tokenOf(orderId: string): string {
    const payment = this.bills.get(orderId)?.payment;
    if (payment === undefined) return '';
    if ('token' in payment) return payment.token;
    return 'reference' in payment ? payment.reference : '';
  }

  onOrder({ type, subject = '' }: CloudEvent): void {
    const one = this.cases.get(subject) ?? { eventTypes: new Set(), wasConfirmed: false };
    this.cases.set(subject, one);
    const eventType = type.replace(/^shop\.|\.v1$/g, '');
    // A deadline has no effect on an order that is decided.
    if (eventType === 'order.deadline-passed' && one.decision !== undefined) return;
    one.eventTypes.add(eventType);
    one.decision = decisionOf(one);
    one.wasConfirmed ||= one.decision === 'confirmed';
  }

  /** The index of the latest stock snapshot, to pass as `since` to `onStock`. */
  get latestSnapshotIndex(): number {
    return this.snapshots.length - 1;
  }

  /**
   * Applies the events of one transaction at once: stock released or received by it is available to orders reserved by it. An order may be
   * rejected only if its items were short at some snapshot since `since`, when the consumer read the stock.
   */
  onStock(events: readonly StockInput[], wasRejected: (orderId: string) => boolean, since: number): void {
    const returns = ({ type }: StockInput) => type === 'shop.order.cancelled.v1' || type === 'shop.stock.received.v1';
    this.latest = new Map(this.stock);
    for (const event of events) if (returns(event)) this.onStockEvent(event, wasRejected, since);
    this.afterReturns = new Map(this.stock);
    for (const event of events) if (!returns(event)) this.onStockEvent(event, wasRejected, since);
    this.snapshots.push(new Map(this.stock));
  }

  private onStockEvent(event: StockInput, wasRejected: (orderId: string) => boolean, since: number): void {
    if (event.type === 'shop.stock.received.v1') {
      this.receive(event);
      return;
    }
    const { orderId } = event.data;
    const one = this.reservations.get(orderId);
    if (event.type === 'shop.order.cancelled.v1') {
      // What was sold goes back on the shelf too.
      if (one !== undefined && one.held !== 'none') this.take(one.lines, -1);
      this.reservations.set(orderId, { lines: one?.lines ?? [], held: 'none' });
    } else if (event.type === 'shop.order.confirmed.v1') {
      if (one?.held === 'held') one.held = 'sold';
    } else if (event.type === 'shop.order.placed.v1' && one === undefined) {
      this.reserve(orderId, goodsOf(event.data.items), wasRejected(orderId), since);
    }
  }

  private receive({ data: { receiptId, items } }: StockReceived): void {
    if (this.receipts.has(receiptId)) return;
    this.receipts.add(receiptId);
    this.take(items, -1);
    for (const { sku, quantity } of items) this.received.set(sku, (this.received.get(sku) ?? 0) + quantity);
  }

  private reserve(orderId: string, items: readonly Line[], wasRejected: boolean, since: number): void {
    const wanted = new Map<string, number>();
    for (const { sku, quantity } of items) wanted.set(sku, (wanted.get(sku) ?? 0) + quantity);
    const lines = [...wanted].map(([sku, quantity]) => ({ sku, quantity }));
    const enough = (stock: ReadonlyMap<string, number>) =>
      lines.every(({ sku, quantity }) => (stock.get(sku) ?? 0) >= quantity);
    // A plan may rest on any stock that was read since, less what it gave to the orders before this one.
    const left = (stock: ReadonlyMap<string, number>) =>
      new Map(
        [...this.stock].map(([sku, now]) => [sku, (stock.get(sku) ?? 0) - ((this.afterReturns.get(sku) ?? 0) - now)]),
      );
    const seen = [...this.snapshots.slice(since), this.latest].map(left);
    const wasShort = seen.some((stock) => !enough(stock));
    const isReserved = enough(this.stock) && !(wasShort && wasRejected);
    if (isReserved) this.take(lines, 1);
    this.reservations.set(orderId, { lines, held: isReserved ? 'held' : 'none' });
  }

  private take(lines: readonly Line[], sign: 1 | -1): void {
    for (const { sku, quantity } of lines) this.stock.set(sku, (this.stock.get(sku) ?? 0) - sign * quantity);
  }

  expectShelves(shelves: ReadonlyMap<string, Shelf>): void {
    for (const [sku, quantity] of this.received) {
      const count = (held: HoldState) =>
        [...this.reservations.values()]
          .filter((one) => one.held === held)
          .flatMap(({ lines }) => lines)
          .reduce((sum, line) => sum + (line.sku === sku ? line.quantity : 0), 0);
      const [reserved, sold] = [count('held'), count('sold')];
      expect(shelves.get(sku)).toEqual({ sku, available: quantity - reserved - sold, reserved, sold });
      expect(quantity - reserved - sold).toBeGreaterThanOrEqual(0);
    }
  }

  expectOrder(orderId: string, order: Order | undefined): void {
    const one = this.cases.get(orderId);
    const decision = one?.decision;
    if (decision === undefined) expect(order?.status).toBe(one?.eventTypes.has('order.placed') ? 'PLACED' : undefined);
    else if (decision === 'confirmed') expect([order?.status, order?.reason]).toEqual(['CONFIRMED', undefined]);
    else expect([order?.status, order?.reason]).toEqual(['CANCELLED', decision]);
    // Only the cancellation of an order that has not come is forgotten.
    expect(order?.expiresAt !== undefined).toBe(decision !== undefined && !one?.eventTypes.has('order.placed'));
    // The sweep finds every order, a decided one by the moment of its decision.
    if (order !== undefined) expect(order.open?.startsWith('decided')).toBe(decision !== undefined);
  }

  /**
   * Asserts that no more is held, taken and sent back than the order's decision allows, and only its total: nothing is taken before the
   * confirmation, nothing let go of before the cancellation, and nothing follows a void.
   */
  expectMoney(orderId: string, ledger: readonly LedgerEntry[]): void {
    const entries = ledger.filter((entry) => entry.orderId === orderId);
    const moves = entries.map(({ kind }) => kind).join();
    const one = this.cases.get(orderId);
    const isCancelled = one?.decision !== undefined && one.decision !== 'confirmed';
    expect(MOVES[this.kindOf(orderId)] ?? HELD_MOVES, `${orderId} ${one?.decision}`).toContain(moves);
    if (moves.includes('capture')) expect(one?.wasConfirmed, `${orderId} is captured`).toBe(true);
    if (/void|refund/.test(moves)) expect(isCancelled, `${orderId} is ${one?.decision}: ${moves}`).toBe(true);
    for (const { money } of entries) expect(money.amount).toBe(this.bills.get(orderId)?.total.amount);
  }

  expectEnd(
    orderId: string,
    order: Order,
    ledger: readonly LedgerEntry[],
    payment: Pick<Payment, 'state' | 'received'> | undefined,
  ): void {
    this.expectOrder(orderId, order);
    this.expectMoney(orderId, ledger);
    expect(order.status).toMatch(/^(CONFIRMED|CANCELLED)$/);
    const confirmed = order.status === 'CONFIRMED';
    const moves = ledger.filter((entry) => entry.orderId === orderId).map((entry) => entry.kind);
    const end = [payment?.state, ...moves].join(' ');
    expect(this.endsOf(orderId, confirmed, payment?.received === true), `${orderId} ${order.status}`).toContain(end);
    expect(this.reservations.get(orderId)?.held).toBe(confirmed ? 'sold' : 'none');
  }

  /** Returns the states in which a payment may end, with the movements of its money. */
  private endsOf(orderId: string, confirmed: boolean, received: boolean): readonly string[] {
    const kind = this.kindOf(orderId);
    const [ofConfirmed, ofCancelled] = ENDS[this.tokenOf(orderId)] ?? ENDS[kind] ?? HELD_ENDS;
    if (kind === 'free') return [confirmed ? 'authorized' : 'voided'];
    if (confirmed) return ofConfirmed;
    return received ? ['refund-due'] : ofCancelled;
  }
}

/** How a payment that the gateway holds may end: of a confirmed order, and of a cancelled one. */
const HELD_ENDS: Ends = [
  ['captured authorization capture'],
  ['voided', 'voided authorization void', 'refunded authorization capture refund'],
];

type Ends = readonly [ofConfirmed: readonly string[], ofCancelled: readonly string[]];

/** The same for other kinds, and for the tokens and references that mean something. */
const ENDS: Record<string, Ends> = {
  captured: [['captured'], ['refunded refund']],
  awaited: [['captured'], ['voided']],
  'on-delivery': [['authorized'], ['voided']],
  tok_declined: [[], ['voided', 'declined']],
  tok_lapses: [[], ['voided', 'voided authorization']],
  pay_disputed: [['captured'], ['refund-due']],
};

/** Decides an order as the shop promises to: what is known of it counts, not in which sequence it came; a confirmation is undone by a lapse or the customer. */
function decisionOf({ eventTypes, decision }: OrderCase): Decision | undefined {
  if (decision === 'confirmed' && eventTypes.has('order.cancel-requested')) return 'customer';
  if (decision === 'confirmed' && eventTypes.has('payment.declined')) return 'payment-declined';
  if (decision !== undefined) return decision;
  if (eventTypes.has('order.cancel-requested')) return 'customer';
  if (eventTypes.has('order.deadline-passed')) return 'timed-out';
  if (!eventTypes.has('order.placed')) return undefined;
  const isPaid = eventTypes.has('payment.authorized') || eventTypes.has('payment.captured');
  const isDeclined = eventTypes.has('payment.declined');
  const isReserved = eventTypes.has('stock.reserved');
  if (!(isPaid || isDeclined) || !(isReserved || eventTypes.has('stock.rejected'))) return undefined;
  if (isDeclined) return 'payment-declined';
  return isReserved ? 'confirmed' : 'out-of-stock';
}

/** The sequences of movements that may happen where the gateway holds the money. */
const HELD_MOVES = ['', 'authorization', 'authorization,capture', 'authorization,capture,refund', 'authorization,void'];

/** The same where it holds nothing. */
const MOVES: Record<string, readonly string[]> = {
  captured: ['', 'refund'],
  awaited: [''],
  'on-delivery': [''],
  free: [''],
};
