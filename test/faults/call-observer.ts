import { CANCELLATION_REFUND } from '../../contracts/order.ts';
import { output } from '../deployed/deployed-shop.ts';
import type { ApiCall, ApiResponse } from '../harness/protocol.ts';
import type { BookEntry } from '../harness/shop-state.ts';
import { entriesWritten, type WrittenEntry } from './book-entries.ts';
import type { Ledger } from './ledger.ts';
import { type OrderWrite, orderWrites } from './order-writes.ts';

/** Follows what the functions write, and what of it was wrong for a moment, whatever became of it later. */
export class CallObserver {
  /** The statuses written for each order, in sequence. */
  readonly statuses = new Map<string, string[]>();
  /** What was wrong for a moment, as sentences: movements of money above all. */
  readonly momentary: string[] = [];
  private readonly dispatched = new Set<string>();
  private readonly entries = new Map<string, WrittenEntry[]>();

  clear(): void {
    this.statuses.clear();
    this.dispatched.clear();
    this.momentary.length = 0;
    this.entries.clear();
  }

  /** Takes note of a call that the server executed. The proxy sees a write before whoever made it can act on it. */
  note(ledger: Ledger, call: ApiCall, answer: ApiResponse): void {
    for (const write of orderWrites(output('OrdersTableName'), call, answer)) this.noteOrder(write);
    for (const entry of entriesWritten(output('SandboxGatewayTableName'), call, answer)) this.noteEntry(ledger, entry);
  }

  private noteOrder({ orderId, status, dispatched }: OrderWrite): void {
    const before = this.statuses.get(orderId) ?? [];
    if (status !== undefined) this.statuses.set(orderId, [...before, status]);
    if (status === 'CANCELLED' && before.at(-1) !== 'CANCELLED' && this.dispatched.has(orderId))
      this.momentary.push(`I6: ${orderId} was cancelled after it had shipped`);
    if (dispatched) this.dispatched.add(orderId);
  }

  private noteEntry({ orders }: Ledger, entry: WrittenEntry): void {
    const { orderId, kind } = entry;
    const known = this.entries.get(orderId) ?? [];
    if (known.some((one) => one.entry === entry.entry)) return;
    const own = [...known, entry];
    this.entries.set(orderId, own);
    const statuses = this.statuses.get(orderId) ?? [];
    const sumOf = (one: BookEntry['kind']) =>
      own.reduce((sum, { kind: other, amount }) => sum + (one === other ? amount : 0), 0);
    const report = (problem: string) => void this.momentary.push(`I1: ${orderId} ${problem}`);
    if (kind === 'capture' && !statuses.includes('CONFIRMED')) report(`was captured while ${statuses.at(-1)}`);
    const order = orders.get(orderId);
    if (order === undefined) return;
    const ordered = order.quantity * order.unitPrice;
    if (sumOf('capture') > ordered) report(`was captured ${sumOf('capture')} of ${ordered}`);
    const captured = order.capturedAs === undefined ? sumOf('capture') : ordered;
    if (sumOf('refund') > captured) report(`was refunded ${sumOf('refund')} of ${captured} for a moment`);
    if (kind === 'refund' && entry.refundId === CANCELLATION_REFUND && this.dispatched.has(orderId))
      report('was refunded by a cancellation after it had shipped');
  }
}
