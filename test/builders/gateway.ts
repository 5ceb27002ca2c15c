import type { Money } from '../../contracts/money.ts';
import type { Charge, ChargeResult, PaymentGateway } from '../../lambdas/payment/gateway.ts';
import { UnavailableError } from '../../lambdas/runtime/failure.ts';

export type LedgerEntry = { kind: 'capture' | 'refund'; orderId: string; money: Money; reference?: string };

/** A payment gateway in memory with idempotency keys that can expire and responses that can be lost. */
export class FakeGateway implements PaymentGateway {
  /** All captures and refunds, in sequence. */
  readonly ledger: LedgerEntry[] = [];
  calls = 0;
  /** Returns whether the response of the current call is lost after the call had its effect. */
  losesResponse: () => boolean = () => false;
  private readonly keys = new Map<string, ChargeResult | undefined>();

  async capture({ orderId, money, ...charge }: Charge): Promise<ChargeResult> {
    const answer = this.once(`capture ${orderId}`, (): ChargeResult => {
      if ('authorization' in charge) {
        const reference = charge.authorization;
        if (reference === 'auth_lapsed') return { kind: 'declined', reason: 'authorization_expired' };
        this.ledger.push({ kind: 'capture', orderId, money, reference });
        return { kind: 'captured', reference };
      }
      if (charge.token === 'tok_declined') return { kind: 'declined', reason: 'card_declined' };
      this.ledger.push({ kind: 'capture', orderId, money });
      return { kind: 'captured' };
    });
    return answer ?? { kind: 'captured' };
  }

  async find(orderId: string): Promise<{ captured: boolean; refunded: boolean }> {
    this.calls += 1;
    if (this.losesResponse()) throw new UnavailableError('The response was lost');
    return {
      captured: this.entries('capture', orderId).length > 0,
      refunded: this.entries('refund', orderId).length > 0,
    };
  }

  async refund(orderId: string, money: Money, reference?: string): Promise<void> {
    this.once(`refund ${orderId}`, () => {
      this.ledger.push({ kind: 'refund', orderId, money, ...(reference === undefined ? {} : { reference }) });
      return undefined;
    });
  }

  /** Makes the gateway treat a repeated call as a new one, as after 24 hours. */
  expireIdempotencyKeys(): void {
    this.keys.clear();
  }

  entries(kind: LedgerEntry['kind'], orderId: string): LedgerEntry[] {
    return this.ledger.filter((entry) => entry.kind === kind && entry.orderId === orderId);
  }

  private once(key: string, effect: () => ChargeResult | undefined): ChargeResult | undefined {
    this.calls += 1;
    if (!this.keys.has(key)) this.keys.set(key, effect());
    if (this.losesResponse()) throw new UnavailableError('The response was lost');
    return this.keys.get(key);
  }
}
