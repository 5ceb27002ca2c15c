import { ContractError, isObject, type Problem } from '../../contracts/parse.ts';
import { type CheckoutSession, placedFromCheckoutSession } from '../../examples/platforms/stripe-checkout.ts';
import { jsonOf, mapped, type Scheme } from './scheme.ts';
import { checkSignature, checkTime, requireHeader } from './signature.ts';

/** A Checkout Session as JSON. */
export type SessionJson = Readonly<Record<string, unknown>>;

/** Reads a Checkout Session with its payment intent and all its lines from Stripe, with an API key. */
export type ReadSession = (id: string, apiKey: string) => Promise<SessionJson>;

const COMPLETED = 'checkout.session.completed';

/** What an API key of Stripe begins with, which may stand in the secret beside what signs. */
const API_KEY = /^[sr]k_/;

const HOW = 'put a restricted key that may read Checkout Sessions into the secret of this sender, beside what signs';

/** Stripe's webhooks (https://docs.stripe.com/webhooks/signature). A completed Checkout Session becomes an order. */
export const stripe = (readSession: ReadSession): Scheme => ({
  check(request, secrets, now) {
    const parts = requireHeader(request, 'stripe-signature')
      .split(',')
      .map((part) => part.split('='));
    const valuesOf = (name: string) => parts.flatMap(([key, value = '']) => (key === name ? [value] : []));
    const [time = ''] = valuesOf('t');
    checkTime(time, now);
    const keys = secrets.filter((secret) => !API_KEY.test(secret));
    checkSignature({ given: valuesOf('v1'), keys, content: [`${time}.`, request.body], encoding: 'hex' });
  },

  async read(request, secrets) {
    const { type, data } = jsonOf(request);
    if (type !== COMPLETED) return { ignored: `only ${COMPLETED} becomes an order` };
    const given = isObject(data) && isObject(data.object) ? data.object : {};
    if (given.mode !== undefined && given.mode !== 'payment')
      return { ignored: 'only a session in the mode payment becomes an order' };
    const session = await complete(
      given,
      secrets.find((secret) => API_KEY.test(secret)),
      readSession,
    );
    // The edge where JSON comes in: the mapping reads what Stripe documents.
    return mapped('data.object', JSON.stringify(given), () =>
      placedFromCheckoutSession(session as unknown as CheckoutSession),
    );
  },
});

/** Reads from Stripe what a webhook leaves out and the mapping needs; throws `ContractError` where there is no key to read it with. */
async function complete(
  given: SessionJson,
  apiKey: string | undefined,
  readSession: ReadSession,
): Promise<SessionJson> {
  const session = withIntent(given);
  const missing = missingParts(session);
  if (missing.length === 0) return session;
  if (apiKey === undefined) throw new ContractError(missing);
  return readSession(String(session.id), apiKey);
}

/** Says of a paid session what its payment intent has come to, of which a webhook names only the id. */
const withIntent = (session: SessionJson): SessionJson =>
  typeof session.payment_intent === 'string' && session.payment_status === 'paid'
    ? { ...session, payment_intent: { id: session.payment_intent, status: 'succeeded' } }
    : session;

function missingParts({ line_items, payment_intent }: SessionJson): Problem[] {
  const lines = !isObject(line_items)
    ? `is missing: Stripe's webhooks leave out the lines, so ${HOW}`
    : line_items.has_more === true
      ? `has only the first lines: ${HOW}`
      : undefined;
  return [
    ...(lines === undefined ? [] : [{ path: 'data.object.line_items', problem: lines }]),
    ...(typeof payment_intent === 'string'
      ? [{ path: 'data.object.payment_intent', problem: `must be expanded where the session is not paid: ${HOW}` }]
      : []),
  ];
}
