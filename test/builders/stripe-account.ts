// Stripe's objects are JSON of many shapes.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Json = any;

export type StripeAnswer = { status: number; body: Json };

export type StripeRequest = { method: string; path: string; key: string | undefined; params: Record<string, string> };

export type StripeMovement = {
  kind: 'authorization' | 'capture' | 'void' | 'refund';
  /** The order of the intent's metadata, else the intent's id. */
  order: string;
  amount: number;
  currency: string;
};

// https://docs.stripe.com/search#data-freshness
const SEARCH_LAG_MS = 3_600_000;

const ok = (body: Json): StripeAnswer => ({ status: 200, body });
export const failure = (status: number, error: Json): StripeAnswer => ({ status, body: { error } });
export const invalid = (code: string, parts: Json = {}) =>
  failure(400, { type: 'invalid_request_error', code, message: `quotes ${JSON.stringify(parts)}`, ...parts });

const MISSING = { type: 'invalid_request_error', code: 'resource_missing', param: 'intent' };

const charge = (captured: boolean) => ({ status: 'succeeded', captured });
const metadataOf = (params: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(params).flatMap(([name, value]) => {
      const [, key] = /^metadata\[(.*)\]$/.exec(name) ?? [];
      return key === undefined ? [] : [[key, value]];
    }),
  );

/**
 * What a Stripe account does with single calls, without HTTP, keys and faults; its search lags behind. Cards: `pm_declined` has no funds,
 * `pm_3ds` requires authentication, `pm_unknown` does not exist, `pm_slow` stays in processing, `pm_saved` belongs to `cus_1`.
 */
export class StripeAccount {
  /** All movements of money, in sequence. */
  readonly ledger: StripeMovement[] = [];
  readonly intents = new Map<string, Json>();
  readonly refunds: Json[] = [];
  /** The status of each new refund. */
  refundStatus = 'succeeded';
  /** Whether the search lags behind, by at most an hour. */
  searchLags = false;
  private clock = Date.parse('2026-11-21T09:00:00Z');

  /** The account's clock, which advances a second with each payment intent. */
  now = (): Date => new Date(this.clock);

  /** Advances the clock. */
  pass(hours: number): void {
    this.clock += hours * 3_600_000;
  }

  /** Ends an authorization as Stripe does after seven days. */
  lapse(id: string): void {
    Object.assign(this.intents.get(id), { status: 'canceled', amount_capturable: 0, cancellation_reason: 'automatic' });
  }

  /** Puts a payment intent there as a checkout leaves it; `requires_capture` is an authorization. */
  fromCheckout(
    id: string,
    parts: { status: string; amount?: number; currency?: string; cancellation_reason?: string },
  ): void {
    const { amount = 12_000, status } = parts;
    const isHeld = status === 'requires_capture';
    const isCaptured = status === 'succeeded';
    this.intents.set(id, {
      currency: 'krw',
      metadata: {},
      cancellation_reason: null,
      ...parts,
      id,
      created: Math.floor(this.clock / 1000),
      amount,
      amount_capturable: isHeld ? amount : 0,
      amount_received: isCaptured ? amount : 0,
      latest_charge: isHeld || isCaptured ? charge(isCaptured) : null,
    });
  }

  /** Sums up what of an order is neither captured nor let go of; without an order, of all. */
  held(order?: string): number {
    return [...this.intents.values()]
      .filter(({ metadata }) => order === undefined || metadata.order === order)
      .reduce((sum, { amount_capturable }) => sum + amount_capturable, 0);
  }

  /** Returns the kinds of an order's movements, in sequence. */
  movements(order: string): StripeMovement['kind'][] {
    return this.ledger.filter((one) => one.order === order).map(({ kind }) => kind);
  }

  protected execute({ method, path, params }: StripeRequest): StripeAnswer {
    const [, , resource = '', id = '', verb] = path.split('/');
    const endpoint = `${method} ${resource}${id === '' ? '' : id === 'search' ? '/search' : '/:id'}${verb ? `/${verb}` : ''}`;
    const intent = this.intents.get(resource === 'refunds' ? (params.payment_intent ?? '') : id);
    if (intent === undefined && (id.startsWith('pi_') || endpoint === 'POST refunds')) return failure(404, MISSING);
    switch (endpoint) {
      case 'POST payment_methods':
        return ok({ id: `pm_of_${params['card[token]']}` });
      case 'POST payment_intents':
        return this.create(params);
      case 'POST payment_intents/:id':
        return this.update(intent, params);
      case 'POST payment_intents/:id/confirm':
        return this.confirm(intent, params);
      case 'POST payment_intents/:id/capture':
        return this.capture(intent, params);
      case 'POST payment_intents/:id/cancel':
        return this.cancel(intent);
      case 'GET payment_intents/:id':
        return ok(intent);
      case 'GET payment_intents/search':
        return this.search(params);
      case 'POST refunds':
        return this.refund(intent, params);
      case 'GET refunds':
        return this.listRefunds(params);
      default:
        return failure(404, { type: 'invalid_request_error', message: endpoint });
    }
  }

  private listRefunds({ payment_intent: intent, limit, starting_after: after }: Record<string, string>): StripeAnswer {
    const all = this.refunds.filter(({ payment_intent }) => payment_intent === intent);
    const start = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1;
    const data = all.slice(start, start + Number(limit));
    return ok({ object: 'list', url: '/v1/refunds', data, has_more: start + data.length < all.length });
  }

  private search({ query = '' }: Record<string, string>): StripeAnswer {
    const [, order = ''] = /^metadata\['order'\]:'(.*)'$/.exec(query) ?? [];
    const data = [...this.intents.values()].filter(
      ({ metadata }) => metadata.order?.toLowerCase() === order.toLowerCase(),
    );
    const known = data.filter(({ created }) => !this.searchLags || created * 1000 < this.clock - SEARCH_LAG_MS);
    return ok({ object: 'search_result', data: known.reverse(), has_more: false });
  }

  private create(params: Record<string, string>): StripeAnswer {
    const { amount, currency } = params;
    if (Number(amount) > 99_999_999) return invalid('amount_too_large', { param: 'amount' });
    if (currency === 'xxx') return invalid('', { param: 'currency' });
    if (params.capture_method !== 'manual') throw new Error('the shop never lets a confirmation capture');
    const id = `pi_${this.intents.size + 1}`;
    this.clock += 1000;
    const intent = {
      id,
      created: Math.floor(this.clock / 1000),
      status: 'requires_payment_method',
      amount: Number(amount),
      amount_capturable: 0,
      amount_received: 0,
      currency,
      customer: null,
      metadata: metadataOf(params),
      last_payment_error: null,
      cancellation_reason: null,
      latest_charge: null,
    };
    this.intents.set(id, intent);
    return ok(intent);
  }

  private update(intent: Json, { customer, ...params }: Record<string, string>): StripeAnswer {
    if (customer === 'cus_unknown') return invalid('resource_missing', { param: 'customer' });
    if (customer !== undefined) {
      if (intent.status !== 'requires_payment_method') return invalid('payment_intent_unexpected_state');
      intent.customer = customer;
    }
    Object.assign(intent.metadata, metadataOf(params));
    return ok(intent);
  }

  private confirm(intent: Json, { payment_method }: Record<string, string>): StripeAnswer {
    if (intent.status !== 'requires_payment_method') return invalid('payment_intent_unexpected_state');
    const decline = (code: string, decline_code: string) => {
      Object.assign(intent, { last_payment_error: { code, decline_code } });
      return failure(402, { type: 'card_error', code, decline_code });
    };
    if (payment_method === 'pm_unknown' || (payment_method === 'pm_saved' && intent.customer !== 'cus_1'))
      return invalid('resource_missing', { param: 'payment_method' });
    if (payment_method === 'pm_declined') return decline('card_declined', 'insufficient_funds');
    if (payment_method === 'pm_3ds') return decline('authentication_required', 'authentication_required');
    if (payment_method === 'pm_slow') {
      intent.status = 'processing';
      return ok(intent);
    }
    const { amount } = intent;
    Object.assign(intent, { status: 'requires_capture', amount_capturable: amount, latest_charge: charge(false) });
    this.record('authorization', intent, amount);
    return ok(intent);
  }

  private capture(intent: Json, params: Record<string, string>): StripeAnswer {
    if (intent.status !== 'requires_capture') return invalid('payment_intent_unexpected_state');
    const amount = Number(params.amount_to_capture);
    if (amount > intent.amount_capturable) return invalid('amount_too_large', { param: 'amount_to_capture' });
    Object.assign(intent.metadata, metadataOf(params));
    const captured = { status: 'succeeded', amount_capturable: 0, amount_received: amount };
    Object.assign(intent, { ...captured, latest_charge: charge(true) });
    this.record('capture', intent, amount);
    return ok(intent);
  }

  private cancel(intent: Json): StripeAnswer {
    const { status, amount_capturable: held } = intent;
    if (['succeeded', 'canceled', 'processing'].includes(status)) return invalid('payment_intent_unexpected_state');
    Object.assign(intent, { status: 'canceled', amount_capturable: 0 });
    if (held > 0) this.record('void', intent, held);
    return ok(intent);
  }

  private refund(intent: Json, params: Record<string, string>): StripeAnswer {
    const amount = Number(params.amount);
    const sent = this.refunds.filter(
      ({ payment_intent, status }) => payment_intent === intent.id && status !== 'failed',
    );
    const left = intent.amount_received - sent.reduce((sum, one) => sum + one.amount, 0);
    if (left === 0) return invalid('charge_already_refunded');
    if (amount > left) return invalid('', { param: 'amount' });
    const refund = {
      id: `re_${this.refunds.length + 1}`,
      payment_intent: intent.id,
      amount,
      currency: intent.currency,
      status: this.refundStatus,
      metadata: metadataOf(params),
    };
    this.refunds.push(refund);
    if (refund.status !== 'failed') this.record('refund', intent, amount);
    return ok(refund);
  }

  private record(kind: StripeMovement['kind'], { id, metadata, currency }: Json, amount: number): void {
    this.ledger.push({ kind, order: metadata.order ?? id, amount, currency });
  }
}
