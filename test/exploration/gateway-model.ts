import type { FoundPayment, PaymentGateway } from '../../lambdas/payment/gateway.ts';

/** What the provider did for the order. `holds`, `declines`: how often it held the total or declined. Sums in minor units. */
export type GatewayBook = {
  standing?: 'held' | 'lapsed' | 'declined' | 'captured' | 'closed';
  holds: number;
  declines: number;
  wasReleased?: true;
  /** No refund is sent any more. */
  isDisputed?: true;
  held: number;
  captured: number;
  refunds: readonly { refundId: string; amount: number }[];
};

export const EMPTY_BOOK: GatewayBook = { holds: 0, declines: 0, held: 0, captured: 0, refunds: [] };

export type GatewayCall = {
  [Name in keyof PaymentGateway]: { name: Name; args: Parameters<PaymentGateway[Name]> };
}[keyof PaymentGateway];

/** A change of the book, and what the caller is answered. */
export type GatewayAnswer = { book: GatewayBook; answer: unknown };

/** What may happen at the provider besides the usual. */
export type GatewayChoices = { declines?: boolean; refusesRefunds?: boolean };

const CURRENCY = 'KRW';

/**
 * Returns every way in which a provider may handle a call. `began` is the book when the caller began: the provider remembers an idempotency
 * key only for the callers of that time, as others may come after it has forgotten.
 */
export function handleCall(
  book: GatewayBook,
  call: GatewayCall,
  began: GatewayBook,
  choices: GatewayChoices,
): GatewayAnswer[] {
  switch (call.name) {
    case 'find':
      return [{ book, answer: found(book) }];
    case 'authorize':
      return authorize(book, call.args[0].money.amount, began, choices);
    case 'capture':
      return [capture(book, call.args[1].amount)];
    case 'void':
      return [close(book)];
    case 'refund':
      return refund(book, { refundId: call.args[1], amount: call.args[2].amount }, began, choices);
  }
}

const STATES = { held: 'authorized', lapsed: 'authorized', captured: 'captured', closed: 'voided' } as const;

function found({ standing, refunds }: GatewayBook): FoundPayment {
  const state = standing === undefined || standing === 'declined' ? undefined : STATES[standing];
  return { ...(state && { state }), refunds };
}

function authorize(
  book: GatewayBook,
  amount: number,
  began: GatewayBook,
  { declines }: GatewayChoices,
): GatewayAnswer[] {
  if (book.standing === 'closed') return [{ book, answer: { kind: 'declined', reason: 'voided' } }];
  const declined = { kind: 'declined', reason: 'card_declined' };
  if (book.holds > began.holds) return [{ book, answer: { kind: 'authorized' } }];
  if (book.declines > began.declines) return [{ book, answer: declined }];
  const held: GatewayBook = { ...book, standing: 'held', holds: book.holds + 1, held: amount };
  const answers: GatewayAnswer[] = [{ book: held, answer: { kind: 'authorized' } }];
  if (declines && book.holds === 0)
    answers.push({ book: { ...book, standing: 'declined', declines: book.declines + 1 }, answer: declined });
  return answers;
}

function capture(book: GatewayBook, amount: number): GatewayAnswer {
  if (book.standing === 'held')
    return { book: { ...book, standing: 'captured', captured: book.captured + amount }, answer: { kind: 'captured' } };
  const answer =
    book.standing === 'captured' ? { kind: 'captured' } : { kind: 'lapsed', reason: 'authorization_expired' };
  return { book, answer };
}

function close(book: GatewayBook): GatewayAnswer {
  if (book.standing === 'captured')
    return { book, answer: { kind: 'captured', money: { amount: book.held, currency: CURRENCY } } };
  const wasReleased = book.wasReleased || book.standing === 'held';
  const closed: GatewayBook = { ...book, standing: 'closed', ...(wasReleased ? { wasReleased: true } : {}) };
  return { book: closed, answer: { kind: 'voided', released: wasReleased } };
}

function refund(
  book: GatewayBook,
  wanted: { refundId: string; amount: number },
  began: GatewayBook,
  { refusesRefunds }: GatewayChoices,
): GatewayAnswer[] {
  const isKnown = ({ refunds }: GatewayBook) => refunds.some(({ refundId }) => refundId === wanted.refundId);
  const sum = book.refunds.reduce((total, { amount }) => total + amount, 0);
  const refused = (after: GatewayBook, reason: string) => ({ book: after, answer: { kind: 'refused', reason } });
  const disputed = refused({ ...book, isDisputed: true }, 'charge_disputed');
  if (book.isDisputed) return [disputed];
  const isRepeated = isKnown(book) && !isKnown(began);
  if (!isRepeated && sum + wanted.amount > book.captured) return [refused(book, 'charge_already_refunded')];
  const refunds = isRepeated ? book.refunds : [...book.refunds, wanted];
  const done = { book: { ...book, refunds }, answer: { kind: 'refunded' } };
  return refusesRefunds ? [done, disputed] : [done];
}
