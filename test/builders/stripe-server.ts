import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

// Stripe's objects are JSON of many shapes.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Json = any;
type Answer = { status: number; body: Json };

/**
 * The fault of one call. `lost`: executed, then the connection is closed; `hang`: executed, no response; `broken`: executed, but a
 * 500 is returned and saved; `failed`: not executed, a 500 is saved; `overloaded`: a 503 from Stripe's edge, not saved; `limited`: a 429;
 * `busy`: another call with the same key is in progress; `forbidden`: a 403.
 */
export type StripeFault = 'lost' | 'hang' | 'broken' | 'failed' | 'overloaded' | 'limited' | 'busy' | 'forbidden';

export type StripeRequest = { method: string; path: string; key: string | undefined; params: Record<string, string> };

// https://docs.stripe.com/search#data-freshness
const SEARCH_LAG_MS = 3_600_000;

const failure = (status: number, error: Json): Answer => ({ status, body: { error } });
const invalid = (code: string, parts: Json = {}) =>
  failure(400, { type: 'invalid_request_error', code, message: `quotes ${JSON.stringify(parts)}`, ...parts });

const MISSING = { type: 'invalid_request_error', code: 'resource_missing', param: 'intent' };

const REFUSALS = new Map<StripeFault | undefined, Answer>([
  ['overloaded', failure(503, { type: 'api_error' })],
  ['limited', failure(429, { type: 'invalid_request_error', code: 'rate_limit' })],
  ['forbidden', failure(403, { type: 'invalid_request_error' })],
  ['busy', failure(409, { type: 'invalid_request_error', code: 'idempotency_key_in_use' })],
]);

/**
 * An HTTP server that acts like the part of Stripe's API that the shop uses, with idempotency keys and a lagging search. Cards:
 * `pm_declined` has no funds, `pm_3ds` requires authentication, `pm_unknown` does not exist, `pm_slow` stays in processing.
 */
export class StripeServer {
  /** All charges and refunds, in sequence. */
  readonly ledger: { kind: 'charge' | 'refund'; order: string; amount: number; currency: string }[] = [];
  readonly requests: StripeRequest[] = [];
  readonly intents = new Map<string, Json>();
  /** Returns the fault of the current call. */
  fault: (request: StripeRequest) => StripeFault | undefined = () => undefined;
  apiKey = 'sk_test_right';
  /** Whether the search lags behind, by at most an hour. */
  searchLags = false;
  private readonly savedResponses = new Map<string, { request: string; answer: Answer }>();
  private readonly server: Server = createServer((request, response) => void this.serve(request, response));
  private intentCount = 0;
  private clock = Date.parse('2026-11-21T09:00:00Z');

  async listen(): Promise<{ host: string; port: number; protocol: 'http' }> {
    await new Promise<void>((ready) => this.server.listen(0, '127.0.0.1', ready));
    return { host: '127.0.0.1', port: (this.server.address() as AddressInfo).port, protocol: 'http' };
  }

  /** The server's clock, which advances a second with each payment intent. */
  now = (): Date => new Date(this.clock);

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** Expires the idempotency keys and advances the clock by 25 hours. */
  expireIdempotencyKeys(): void {
    this.savedResponses.clear();
    this.clock += 25 * 3_600_000;
  }

  /** Puts a payment intent there as a checkout leaves it; `requires_capture` is an authorization. */
  fromCheckout(
    id: string,
    parts: { status: string; amount?: number; currency?: string; cancellation_reason?: string },
  ): void {
    const created = Math.floor(this.clock / 1000);
    const latest_charge = parts.status === 'succeeded' ? { refunded: false } : null;
    const { amount = 12_000, status } = parts;
    const amount_capturable = status === 'requires_capture' ? amount : 0;
    const own = { id, created, amount, amount_capturable, latest_charge };
    this.intents.set(id, { currency: 'krw', metadata: {}, ...parts, ...own });
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += chunk;
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://stripe');
    const params = Object.fromEntries([...searchParams, ...new URLSearchParams(text)]);
    const key = request.headers['idempotency-key'] as string | undefined;
    const call = { method: request.method ?? '', path: pathname, key, params };
    this.requests.push(call);
    const send = ({ status, body }: Answer, headers: Record<string, string> = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', 'request-id': 'req_1', ...headers });
      response.end(JSON.stringify(body));
    };
    if (request.headers.authorization !== `Bearer ${this.apiKey}`) {
      return send(failure(401, { type: 'invalid_request_error', message: 'Invalid API Key provided: sk_test_wrong' }));
    }
    const fingerprint = JSON.stringify([pathname, params]);
    const saved = key === undefined ? undefined : this.savedResponses.get(key);
    const fault = this.fault(call);
    const refusal = REFUSALS.get(fault);
    if (refusal !== undefined) return send(refusal);
    if (saved !== undefined && saved.request !== fingerprint) return send(failure(400, { type: 'idempotency_error' }));
    const broken = failure(500, { type: 'api_error' });
    const executeNow = () => {
      if (fault === 'failed') return broken;
      const answer = this.execute(call);
      return fault === 'broken' ? broken : answer;
    };
    const answer = saved?.answer ?? structuredClone(executeNow());
    if (key !== undefined) this.savedResponses.set(key, { request: fingerprint, answer });
    if (fault === 'lost') return void request.socket.destroy();
    if (fault === 'hang') return;
    send(answer, saved === undefined ? {} : { 'idempotent-replayed': 'true' });
  }

  private execute({ method, path, params }: StripeRequest): Answer {
    const ok = (body: Json): Answer => ({ status: 200, body });
    const [, , resource = '', id = '', verb] = path.split('/');
    const endpoint = `${method} ${resource}${id === '' ? '' : id === 'search' ? '/search' : '/:id'}${verb ? `/${verb}` : ''}`;
    const intent = this.intents.get(id);
    switch (endpoint) {
      case 'POST payment_methods':
        return ok({ id: `pm_of_${params['card[token]']}` });
      case 'POST payment_intents':
        return this.create(params);
      case 'POST payment_intents/:id/confirm':
        return this.confirm(intent);
      case 'POST payment_intents/:id/capture':
        return this.capture(intent, params);
      case 'GET payment_intents/:id':
        return intent === undefined ? failure(404, MISSING) : ok(intent);
      case 'GET payment_intents/search': {
        const [, order = ''] = /^metadata\['order'\]:'(.*)'$/.exec(params.query ?? '') ?? [];
        const data = [...this.intents.values()].filter(
          ({ metadata }) => metadata.order.toLowerCase() === order.toLowerCase(),
        );
        const known = data.filter(({ created }) => !this.searchLags || created * 1000 < this.clock - SEARCH_LAG_MS);
        return ok({ object: 'search_result', data: known.reverse(), has_more: false });
      }
      case 'POST refunds':
        return this.refund(this.intents.get(params.payment_intent ?? ''));
      default:
        return failure(404, { type: 'invalid_request_error', message: endpoint });
    }
  }

  private create(params: Record<string, string>): Answer {
    const { amount, currency, payment_method } = params;
    if (payment_method === 'pm_unknown') return invalid('resource_missing', { param: 'payment_method' });
    if (Number(amount) > 99_999_999) return invalid('amount_too_large', { param: 'amount' });
    if (currency === 'xxx') return invalid('', { param: 'currency' });
    this.intentCount += 1;
    const metadata = { order: params['metadata[order]'], orderId: params['metadata[orderId]'] };
    const id = `pi_${this.intentCount}`;
    const status = 'requires_confirmation';
    this.clock += 1000;
    const created = Math.floor(this.clock / 1000);
    const body = {
      id,
      created,
      status,
      amount: Number(amount),
      currency,
      payment_method,
      metadata,
      last_payment_error: null,
    };
    this.intents.set(id, { ...body, latest_charge: null });
    return { status: 200, body };
  }

  private confirm(intent: Json): Answer {
    if (intent.status !== 'requires_confirmation') return invalid('payment_intent_unexpected_state');
    const decline = (code: string, decline_code: string) => {
      Object.assign(intent, { status: 'requires_payment_method', last_payment_error: { code, decline_code } });
      return failure(402, { type: 'card_error', code, decline_code });
    };
    if (intent.payment_method === 'pm_declined') return decline('card_declined', 'insufficient_funds');
    if (intent.payment_method === 'pm_3ds') return decline('authentication_required', 'authentication_required');
    intent.status = intent.payment_method === 'pm_slow' ? 'processing' : 'succeeded';
    intent.latest_charge = { refunded: false };
    const { amount, currency } = intent;
    this.ledger.push({ kind: 'charge', order: intent.metadata.order, amount, currency });
    return { status: 200, body: intent };
  }

  private capture(intent: Json, params: Record<string, string>): Answer {
    if (intent.status !== 'requires_capture') return invalid('payment_intent_unexpected_state');
    const amount = Number(params.amount_to_capture);
    if (amount > intent.amount_capturable) return invalid('amount_too_large', { param: 'amount_to_capture' });
    const metadata = { order: params['metadata[order]'], orderId: params['metadata[orderId]'] };
    Object.assign(intent, { status: 'succeeded', metadata, amount, latest_charge: { refunded: false } });
    this.ledger.push({ kind: 'charge', order: metadata.order ?? '', amount, currency: intent.currency });
    return { status: 200, body: intent };
  }

  private refund(intent: Json): Answer {
    if (intent === undefined) return failure(404, MISSING);
    if (intent.latest_charge?.refunded) return invalid('charge_already_refunded');
    intent.latest_charge.refunded = true;
    const { amount, currency } = intent;
    this.ledger.push({ kind: 'refund', order: intent.metadata.order ?? intent.id, amount, currency });
    return { status: 200, body: { id: 're_1', status: 'succeeded' } };
  }
}
