import type Stripe from 'stripe';
import type { Money } from '../../contracts/money.ts';
import type { AuthorizeRequest, AuthorizeResult } from './gateway.ts';
import { withIdempotencyKey } from './stripe-caller.ts';
import { declineReason, isOtherUseOfKey, isRefusal, toReason } from './stripe-errors.ts';
import { coverageProblem, endReason, type OrderIntents, stillProcessing, unexpected } from './stripe-intents.ts';

const declined = (reason: string): AuthorizeResult => ({ kind: 'declined', reason });

/**
 * Authorizes a payment. `unfinished` is an intent that was created for the order and may not have been confirmed. `money` is in Stripe's
 * unit. An intent holds nothing until it is confirmed, holds once however often it is confirmed, and cannot be confirmed once it is cancelled.
 */
export async function authorize(
  intents: OrderIntents,
  request: AuthorizeRequest,
  money: Money,
  unfinished: string | undefined,
): Promise<AuthorizeResult> {
  try {
    if ('authorization' in request) return await claimAuthorization(intents, request.authorization, money);
    if (unfinished === undefined) return await confirm(intents, await intents.create(money), request.token);
    const intent = await intents.retrieve(unfinished);
    return isUnconfirmed(intent) ? await confirm(intents, unfinished, request.token) : toResult(intent);
  } catch (error) {
    const reason = declineReason(error);
    if (reason === undefined) throw error;
    return declined(reason);
  }
}

/** Checks what the checkout authorized, and tags it with the order, so that no second order is paid by it. */
async function claimAuthorization(intents: OrderIntents, id: string, money: Money): Promise<AuthorizeResult> {
  const named = await intents.named(id);
  if ('reason' in named) return declined(named.reason);
  const { intent } = named;
  if (!isPaid(intent)) return declined(endReason(intent));
  const problem = coverageProblem(intent, money);
  if (problem !== undefined) return declined(problem);
  if (intent.metadata.order === intents.order) return { kind: 'authorized', reference: id };
  const { metadata } = intents;
  const tagged = await intents.call(({ paymentIntents }) => paymentIntents.update(id, { metadata }));
  return isPaid(tagged) ? { kind: 'authorized', reference: id } : declined(endReason(tagged));
}

async function confirm(intents: OrderIntents, id: string, token: string): Promise<AuthorizeResult> {
  const { customer, method } = parseToken(token);
  const payment_method = method ?? (await createMethod(intents, token));
  try {
    // A saved card can be used for its customer only, whom the intent has to name before.
    if (customer !== undefined) await intents.call(({ paymentIntents }) => paymentIntents.update(id, { customer }));
    // The customer is absent, so a card that requires authentication is declined. For a saved card the customer agreed to off-session use.
    const params = customer === undefined ? { error_on_requires_action: true } : { off_session: true };
    return toResult(
      await withIdempotencyKey(`${id}/confirm`, (idempotencyKey) =>
        intents.call(({ paymentIntents }) =>
          paymentIntents.confirm(id, { payment_method, ...params }, { idempotencyKey }),
        ),
      ),
    );
  } catch (error) {
    // It was confirmed or cancelled before.
    if (isRefusal(error) || isOtherUseOfKey(error)) return toResult(await intents.retrieve(id), error);
    throw error;
  }
}

async function createMethod(intents: OrderIntents, token: string): Promise<string> {
  const { id } = await withIdempotencyKey(`${intents.order}/card`, (idempotencyKey) =>
    intents.call(({ paymentMethods }) => paymentMethods.create({ type: 'card', card: { token } }, { idempotencyKey })),
  );
  return id;
}

/** Parses an order's token: a saved card (`cus_…/pm_…`), a payment method (`pm_…`), or a card token (`tok_…`). */
function parseToken(token: string): { customer?: string; method?: string } {
  const [customer = '', saved] = token.split('/');
  if (saved !== undefined) return { customer, method: saved };
  return token.startsWith('tok_') ? {} : { method: token };
}

const isPaid = ({ status }: Stripe.PaymentIntent) => status === 'requires_capture' || status === 'succeeded';

/** Tells whether an intent was never confirmed. One that was declined is not confirmed again. */
const isUnconfirmed = ({ status, last_payment_error: error }: Stripe.PaymentIntent) =>
  status === 'requires_confirmation' || (status === 'requires_payment_method' && !error);

function toResult(intent: Stripe.PaymentIntent, confirmError?: unknown): AuthorizeResult {
  const { id, status, last_payment_error: lastError } = intent;
  switch (status) {
    case 'requires_capture':
    // It was captured since, and the record of that was lost.
    case 'succeeded':
      return { kind: 'authorized', reference: id };
    case 'requires_payment_method':
      if (lastError) return declined(toReason(lastError.decline_code || lastError.code));
      throw confirmError ?? unexpected(intent);
    case 'requires_action':
      return declined('authentication_required');
    case 'canceled':
      return declined(endReason(intent));
    case 'processing':
      throw stillProcessing();
    default:
      throw confirmError ?? unexpected(intent);
  }
}
