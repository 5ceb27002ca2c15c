import { output } from '../deployed/deployed-shop.ts';
import type { ApiCall, ApiResponse } from '../harness/protocol.ts';
import type { BookEntry } from '../harness/shop-state.ts';
import { entriesWritten } from './book-entries.ts';
import type { Ledger } from './ledger.ts';
import { statusesWritten } from './statuses.ts';

/** Follows what the functions write, and what of it was wrong for a moment, whatever became of it later. */
export class CallObserver {
  /** The statuses written for each order, in sequence. */
  readonly statuses = new Map<string, string[]>();
  /** Movements of money that were not due yet, as sentences. */
  readonly earlyMovements: string[] = [];
  private readonly entries = new Map<string, BookEntry[]>();

  clear(): void {
    this.statuses.clear();
    this.earlyMovements.length = 0;
    this.entries.clear();
  }

  /** Takes note of a call that the server executed. The proxy sees a write before whoever made it can act on it. */
  note(ledger: Ledger, call: ApiCall, answer: ApiResponse): void {
    for (const { orderId, status } of statusesWritten(output('OrdersTableName'), call, answer))
      this.statuses.set(orderId, [...(this.statuses.get(orderId) ?? []), status]);
    for (const entry of entriesWritten(output('SandboxGatewayTableName'), call, answer)) this.noteEntry(ledger, entry);
  }

  private noteEntry({ orders }: Ledger, entry: BookEntry): void {
    const { orderId, kind } = entry;
    const own = [...(this.entries.get(orderId) ?? []), entry];
    this.entries.set(orderId, own);
    const statuses = this.statuses.get(orderId) ?? [];
    const sumOf = (one: BookEntry['kind']) =>
      own.reduce((sum, { kind: other, amount }) => sum + (one === other ? amount : 0), 0);
    const report = (problem: string) => void this.earlyMovements.push(`I1: ${orderId} ${problem}`);
    if (kind === 'capture' && !statuses.includes('CONFIRMED')) report(`was captured while ${statuses.at(-1)}`);
    const isCapturedElsewhere = orders.get(orderId)?.capturedAs !== undefined;
    if (!isCapturedElsewhere && sumOf('refund') > sumOf('capture')) report('was refunded before it was captured');
  }
}
