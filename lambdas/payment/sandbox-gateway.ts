import { BusyError, OneOrderError } from '../runtime/failure.ts';
import type { Fence } from '../runtime/fence.ts';
import type { documentClient } from '../runtime/records.ts';
import type { AuthorizeRequest, KnownPayment, PaymentGateway, VoidResult } from './gateway.ts';
import { optionalReference } from './record.ts';
import { type KeyItem, type SandboxBook, type SandboxEntry, sandboxBook } from './sandbox-book.ts';

/**
 * Builds a gateway that behaves like a provider's test mode: `tok_declined` is declined, `tok_error` fails for its order as a broken
 * provider would, `tok_lapses` is authorized and has lapsed when it is captured, `tok_disputed` is captured and can never be refunded; any
 * other token and any authorization of a checkout's is authorized, except `auth_lapsed`; `pay_disputed` is a checkout's payment that can never
 * be refunded. The table is its book, with an entry for each movement. The same idempotency
 * key never authorizes or refunds twice but a new key does, so that a double movement becomes visible.
 */
export function sandboxGateway(
  table: string,
  client?: ReturnType<typeof documentClient>,
  now?: () => Date,
): PaymentGateway {
  const book = sandboxBook(table, client, now);

  return {
    async authorize(request, _known, fence) {
      const { keyGeneration } = await book.readState(fence);
      if ('token' in request) {
        if (request.token === 'tok_error')
          throw new OneOrderError('The payment gateway answered 500 for this order, and serves others');
        if (request.token === 'tok_declined') return { kind: 'declined', reason: 'card_declined' };
      } else if (request.authorization === 'auth_lapsed') {
        return { kind: 'declined', reason: 'authorization_expired' };
      }
      if (!(await hold(book, request, keyGeneration, fence))) return { kind: 'declined', reason: 'voided' };
      return { kind: 'authorized', ...('authorization' in request ? { reference: request.authorization } : {}) };
    },

    async capture(orderId, money, { reference }, fence) {
      await book.readState(fence);
      const entry = { id: 'capture', entry: { kind: 'capture' as const, ...money }, reference };
      const isCaptured = await book.move(
        orderId,
        'held',
        { standing: 'captured', ...optionalReference(reference) },
        entry,
        fence,
      );
      if (isCaptured) return { kind: 'captured', ...optionalReference(reference) };
      const { key } = await book.read(orderId, fence);
      if (key.standing === 'captured') return { kind: 'captured', ...optionalReference(key.reference) };
      if (key.standing === 'held') throw new BusyError('Another call is under way for this order');
      return { kind: 'lapsed', reason: key.standing === 'closed' ? 'voided' : 'authorization_expired' };
    },

    void: (orderId, known, fence) => closeKey(book, orderId, known, fence),

    async refund(orderId, refundId, money, { reference, money: total }, fence) {
      const { keyGeneration } = await book.readState(fence);
      const { key, entries } = await book.read(orderId, fence);
      if (key.isDisputed || reference === 'pay_disputed') return { kind: 'refused', reason: 'charge_disputed' };
      const id = `refund#${refundId}#${keyGeneration}`;
      if (entries.some(({ entry }) => entry === id)) return { kind: 'refunded' };
      // What the checkout captured is no entry of the book.
      const captured = sumOf(entries, 'capture') || (total?.amount ?? money.amount);
      const before = sumOf(entries, 'refund');
      if (before + money.amount > captured) return { kind: 'refused', reason: 'charge_already_refunded' };
      const entry = { id, entry: { kind: 'refund' as const, refundId, ...money }, reference };
      if (await book.refund(orderId, before, entry, fence)) return { kind: 'refunded' };
      throw new BusyError('Another call is under way for this order');
    },

    async find(orderId, _known, fence) {
      await book.readState(fence);
      const { key, entries } = await book.read(orderId, fence);
      const refunds = entries.flatMap(({ kind, refundId, amount }) =>
        kind === 'refund' ? [{ ...(refundId && { refundId }), amount }] : [],
      );
      const state = STATE_OF[key.standing ?? 'none'];
      const captured = sumOf(entries, 'capture');
      return {
        ...(state && { state }),
        ...optionalReference(key.reference),
        ...(captured > 0 ? { captured } : {}),
        refunds,
      };
    },
  };
}

const sumOf = (entries: readonly SandboxEntry[], wanted: SandboxEntry['kind']): number =>
  entries.reduce((sum, { kind, amount }) => sum + (kind === wanted ? amount : 0), 0);

const STATE_OF = {
  none: undefined,
  held: 'authorized',
  // The hold is over, but only a capture can tell.
  lapsed: 'authorized',
  captured: 'captured',
  closed: 'voided',
} as const;

/** Holds what is requested, once per idempotency key; returns whether the order's key is open. */
async function hold(
  book: SandboxBook,
  { orderId, money, ...request }: AuthorizeRequest,
  generation: number,
  fence: Fence,
): Promise<boolean> {
  const token = 'token' in request ? request.token : '';
  const reference = 'authorization' in request ? request.authorization : undefined;
  const to: KeyItem = {
    standing: token === 'tok_lapses' ? 'lapsed' : 'held',
    ...optionalReference(reference),
    ...(token === 'tok_disputed' ? { isDisputed: true } : {}),
  };
  const id = `authorization#${generation}`;
  const entry = { id, entry: { kind: 'authorization' as const, ...money }, reference };
  if (await book.move(orderId, undefined, to, entry, fence)) return true;
  const { key, entries } = await book.read(orderId, fence);
  if (key.standing === 'closed') return false;
  if (entries.some((one) => one.entry === id)) return true;
  // The provider has forgotten the key, so this is a new authorization to it; without a standing, another call is under way.
  if (key.standing !== undefined && (await book.move(orderId, key.standing, to, entry, fence))) return true;
  throw new BusyError('Another call is under way for this order');
}

/** Closes an order's key, unless its money was captured. */
async function closeKey(
  book: SandboxBook,
  orderId: string,
  { reference }: KnownPayment,
  fence: Fence,
): Promise<VoidResult> {
  await book.readState(fence);
  const { key, entries } = await book.read(orderId, fence);
  const captured = entries.find(({ kind }) => kind === 'capture');
  if (captured !== undefined) {
    const { amount, currency } = captured;
    return { kind: 'captured', money: { amount, currency }, ...optionalReference(key.reference) };
  }
  const released = entries.some(({ kind }) => kind === 'void');
  if (key.standing === 'closed') return { kind: 'voided', released };
  const held = key.standing === 'held' ? entries.find(({ kind }) => kind === 'authorization') : undefined;
  const entry = held && {
    id: 'void',
    entry: { kind: 'void' as const, amount: held.amount, currency: held.currency },
    reference,
  };
  if (await book.move(orderId, key.standing, { standing: 'closed' }, entry, fence))
    return { kind: 'voided', released: held !== undefined };
  throw new BusyError('Another call is under way for this order');
}
