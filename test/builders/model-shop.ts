import { expect } from 'vitest';
import type { CloudEvent } from '../../contracts/cloud-event.ts';
import type { Line, OrderPlaced } from '../../contracts/order.ts';
import type { Order } from '../../lambdas/order/rules.ts';
import type { Shelf, StockInput } from '../../lambdas/stock/rules.ts';
import type { LedgerEntry } from './gateway.ts';

type Verdict = 'confirmed' | 'customer' | 'timed-out' | 'payment-declined' | 'out-of-stock';
type Case = { facts: Set<string>; verdict?: Verdict };
type Held = 'held' | 'sold' | 'none';

/**
 * What a shop is, in a few lines and in other words than the code's: a clerk with a list of orders, a counter and a till. It
 * is told what really was written, one thing after the other, and says what should be there then.
 */
export class ModelShop {
  private readonly cases = new Map<string, Case>();
  private readonly counter = new Map<string, number>();
  private readonly out = new Map<string, { lines: Line[]; held: Held }>();
  private readonly moments: ReadonlyMap<string, number>[] = [];
  private readonly start: Record<string, number>;
  private readonly bills = new Map<string, number>();

  constructor(start: Record<string, number>) {
    this.start = start;
    for (const [sku, pieces] of Object.entries(start)) this.counter.set(sku, pieces);
    this.moments.push(new Map(this.counter));
  }

  /** The bill of an order, as the test made it out. */
  bill({ data }: OrderPlaced): void {
    this.bills.set(data.orderId, data.total.amount);
  }

  onOrder({ type, subject = '' }: CloudEvent): void {
    const one = this.cases.get(subject) ?? { facts: new Set() };
    this.cases.set(subject, one);
    const fact = type.replace(/^shop\.|\.v1$/g, '');
    const isOpen = one.facts.has('order.placed') && one.verdict === undefined;
    // A deadline is nothing to an order that is not waiting for a decision.
    if (fact === 'order.deadline-passed' && !isOpen) return;
    one.facts.add(fact);
    if (one.verdict !== undefined || !one.facts.has('order.placed')) return;
    const answers = ['payment.captured', 'payment.declined', 'stock.reserved', 'stock.rejected'].filter((answer) =>
      one.facts.has(answer),
    );
    if (one.facts.has('order.cancel-requested')) one.verdict = 'customer';
    else if (one.facts.has('order.deadline-passed')) one.verdict = 'timed-out';
    else if (answers.length === 2) {
      const [money, goods] = answers;
      if (money === 'payment.declined') one.verdict = 'payment-declined';
      else one.verdict = goods === 'stock.rejected' ? 'out-of-stock' : 'confirmed';
    }
  }

  /** Which moment it is: the counter as it was at each one is kept. */
  get moment(): number {
    return this.moments.length - 1;
  }

  /**
   * What was written in one transaction happens at one moment: goods that come back with it are there for those who buy with
   * it. A buyer may be sent away only if his goods were short at some moment since the counter was looked at.
   */
  onStock(events: readonly StockInput[], sentAway: (orderId: string) => boolean, since: number): void {
    const returns = (event: StockInput) => event.type === 'shop.order.cancelled.v1';
    for (const event of events) if (returns(event)) this.onStockEvent(event, sentAway, since);
    for (const event of events) if (!returns(event)) this.onStockEvent(event, sentAway, since);
    this.moments.push(new Map(this.counter));
  }

  private onStockEvent(event: StockInput, sentAway: (orderId: string) => boolean, since: number): void {
    const { orderId } = event.data;
    const one = this.out.get(orderId);
    if (event.type === 'shop.order.cancelled.v1') {
      if (one?.held === 'held') this.take(one.lines, -1);
      this.out.set(orderId, { lines: one?.lines ?? [], held: 'none' });
    } else if (event.type === 'shop.order.confirmed.v1') {
      if (one?.held === 'held') one.held = 'sold';
    } else if (one === undefined) {
      const wanted = new Map<string, number>();
      for (const { sku, quantity } of event.data.items) wanted.set(sku, (wanted.get(sku) ?? 0) + quantity);
      const lines = [...wanted].map(([sku, quantity]) => ({ sku, quantity }));
      const enough = (counter: ReadonlyMap<string, number>) =>
        lines.every(({ sku, quantity }) => (counter.get(sku) ?? 0) >= quantity);
      const wasShort = this.moments.slice(since).some((counter) => !enough(counter));
      const served = enough(this.counter) && !(wasShort && sentAway(orderId));
      if (served) this.take(lines, 1);
      this.out.set(orderId, { lines, held: served ? 'held' : 'none' });
    }
  }

  private take(lines: readonly Line[], sign: 1 | -1): void {
    for (const { sku, quantity } of lines) this.counter.set(sku, (this.counter.get(sku) ?? 0) - sign * quantity);
  }

  expectShelves(shelves: ReadonlyMap<string, Shelf>): void {
    for (const [sku, pieces] of Object.entries(this.start)) {
      const count = (held: Held) =>
        [...this.out.values()]
          .filter((one) => one.held === held)
          .flatMap(({ lines }) => lines)
          .reduce((sum, line) => sum + (line.sku === sku ? line.quantity : 0), 0);
      const [reserved, sold] = [count('held'), count('sold')];
      expect(shelves.get(sku)).toEqual({ sku, available: pieces - reserved - sold, reserved, sold });
      expect(pieces - reserved - sold).toBeGreaterThanOrEqual(0);
    }
  }

  expectOrder(orderId: string, order: Order | undefined): void {
    const one = this.cases.get(orderId);
    const verdict = one?.verdict;
    if (verdict === undefined) expect(order?.status).toBe(one?.facts.has('order.placed') ? 'PLACED' : undefined);
    else if (verdict === 'confirmed') expect([order?.status, order?.reason]).toEqual(['CONFIRMED', undefined]);
    else expect([order?.status, order?.reason]).toEqual(['CANCELLED', verdict]);
    // An order is in the index of the undecided while it is one of them.
    expect(order?.open !== undefined).toBe(order?.status === 'PLACED');
  }

  /** At any moment: at most one capture, at most one refund, of what was captured, for the amount of the bill. */
  expectMoney(orderId: string, ledger: readonly LedgerEntry[]): void {
    const entries = ledger.filter((entry) => entry.orderId === orderId);
    expect(['', 'capture', 'capture,refund']).toContain(entries.map(({ kind }) => kind).join());
    for (const { money } of entries) expect(money.amount).toBe(this.bills.get(orderId));
  }

  expectEnd(orderId: string, order: Order, ledger: readonly LedgerEntry[]): void {
    this.expectOrder(orderId, order);
    this.expectMoney(orderId, ledger);
    expect(order.status).toMatch(/^(CONFIRMED|CANCELLED)$/);
    const kinds = ledger.filter((entry) => entry.orderId === orderId).map(({ kind }) => kind);
    const confirmed = order.status === 'CONFIRMED';
    expect(kinds.length, `${orderId} ${order.status}: ${kinds}`).toSatisfy((count: number) =>
      confirmed ? count === 1 : count !== 1,
    );
    expect(this.out.get(orderId)?.held).toBe(confirmed ? 'sold' : 'none');
  }
}
