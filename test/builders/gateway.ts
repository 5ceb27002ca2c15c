import type { Money } from '../../contracts/money.ts';
import type {
  AuthorizeRequest,
  AuthorizeResult,
  CaptureResult,
  FoundPayment,
  KnownPayment,
  PaymentGateway,
  RefundResult,
  VoidResult,
} from '../../lambdas/payment/gateway.ts';
import { OneOrderError, UnavailableError } from '../../lambdas/runtime/failure.ts';
import type { Fence } from '../../lambdas/runtime/fence.ts';

export type LedgerEntry = {
  kind: 'authorization' | 'capture' | 'void' | 'refund';
  orderId: string;
  money: Money;
  reference?: string;
  refundId?: string;
};

type Key = { standing: 'held' | 'lapsed' | 'captured' | 'closed'; money: Money; reference?: string };

/** A payment gateway in memory with idempotency keys that can expire and responses that can be lost. */
export class FakeGateway implements PaymentGateway {
  /** All movements of money, in sequence. */
  readonly ledger: LedgerEntry[] = [];
  calls = 0;
  /** Every call fails, and has no effect. */
  down = false;
  /** Returns whether the response of the current call is lost after the call had its effect. */
  losesResponse: () => boolean = () => false;
  /** It refuses what is more than was captured; a consumer must not rely on that for what it has on record itself. */
  limitsRefunds = true;
  /** Returns whether refunds are refused for ever. */
  refusesRefunds: (orderId: string) => boolean = () => false;
  /** The idempotency keys that the provider remembers. */
  private readonly remembered = new Set<string>();
  private readonly keys = new Map<string, Key>();

  async authorize(
    { orderId, money, ...request }: AuthorizeRequest,
    _known: KnownPayment,
    fence: Fence,
  ): Promise<AuthorizeResult> {
    this.begin(fence);
    const declined = (reason: string) => this.answer<AuthorizeResult>({ kind: 'declined', reason });
    const reference = 'authorization' in request ? { reference: request.authorization } : {};
    const token = 'token' in request ? request.token : request.authorization;
    if (token === 'tok_error') throw new OneOrderError('The gateway answered 500');
    if (token === 'tok_declined') return declined('card_declined');
    if (token === 'auth_lapsed') return declined('authorization_expired');
    if (this.keys.get(orderId)?.standing === 'closed') return declined('voided');
    if (!this.remembered.has(`authorize ${orderId}`)) {
      this.remembered.add(`authorize ${orderId}`);
      this.keys.set(orderId, { standing: token === 'tok_lapses' ? 'lapsed' : 'held', money, ...reference });
      this.ledger.push({ kind: 'authorization', orderId, money, ...reference });
    }
    return this.answer({ kind: 'authorized', ...reference });
  }

  async capture(orderId: string, money: Money, _known: KnownPayment, fence: Fence): Promise<CaptureResult> {
    this.begin(fence);
    const key = this.keys.get(orderId);
    const reference = key?.reference === undefined ? {} : { reference: key.reference };
    if (key?.standing === 'held') {
      key.standing = 'captured';
      this.ledger.push({ kind: 'capture', orderId, money, ...reference });
    }
    return this.answer(
      key?.standing === 'captured'
        ? { kind: 'captured', ...reference }
        : { kind: 'lapsed', reason: 'authorization_expired' },
    );
  }

  async void(orderId: string, { reference }: KnownPayment, fence: Fence): Promise<VoidResult> {
    this.begin(fence);
    const key = this.keys.get(orderId);
    if (key?.standing === 'captured') {
      return this.answer({
        kind: 'captured',
        money: key.money,
        ...(key.reference === undefined ? {} : { reference: key.reference }),
      });
    }
    if (key?.standing === 'held') {
      this.ledger.push({
        kind: 'void',
        orderId,
        money: key.money,
        ...(reference === undefined ? {} : { reference }),
      });
    }
    this.keys.set(orderId, { money: { amount: 0, currency: 'KRW' }, ...key, standing: 'closed' });
    return this.answer({ kind: 'voided', released: this.entries('void', orderId).length > 0 });
  }

  async find(orderId: string, _known: KnownPayment, fence: Fence): Promise<FoundPayment> {
    this.begin(fence);
    const key = this.keys.get(orderId);
    const state =
      key &&
      ({ held: 'authorized', lapsed: 'authorized', captured: 'captured', closed: 'voided' } as const)[key.standing];
    return this.answer({
      ...(state && { state }),
      ...(key?.reference === undefined ? {} : { reference: key.reference }),
      refunds: this.entries('refund', orderId).map(({ refundId, money: { amount } }) => ({
        ...(refundId === undefined ? {} : { refundId }),
        amount,
      })),
    });
  }

  async refund(
    orderId: string,
    refundId: string,
    money: Money,
    { reference, money: total }: KnownPayment,
    fence: Fence,
  ): Promise<RefundResult> {
    this.begin(fence);
    if (this.refusesRefunds(orderId)) return this.answer({ kind: 'refused', reason: 'charge_disputed' });
    const key = `refund ${orderId} ${refundId}`;
    if (!this.remembered.has(key)) {
      const sent = this.entries('refund', orderId).reduce((sum, entry) => sum + entry.money.amount, 0);
      const [capture] = this.entries('capture', orderId);
      const captured = capture?.money.amount ?? total?.amount ?? money.amount;
      if (this.limitsRefunds && sent + money.amount > captured)
        return this.answer({ kind: 'refused', reason: 'charge_already_refunded' });
      this.remembered.add(key);
      this.ledger.push({ kind: 'refund', orderId, refundId, money, ...(reference === undefined ? {} : { reference }) });
    }
    return this.answer({ kind: 'refunded' });
  }

  /** Makes the gateway treat a repeated call as a new one, as after 24 hours. */
  expireIdempotencyKeys(): void {
    this.remembered.clear();
  }

  entries(kind: LedgerEntry['kind'], orderId: string): LedgerEntry[] {
    return this.ledger.filter((entry) => entry.kind === kind && entry.orderId === orderId);
  }

  private begin(fence: Fence): void {
    this.calls += 1;
    fence.check();
    if (this.down) throw new UnavailableError('The gateway is down');
  }

  private answer<Result>(result: Result): Result {
    if (this.losesResponse()) throw new UnavailableError('The response was lost');
    return result;
  }
}
