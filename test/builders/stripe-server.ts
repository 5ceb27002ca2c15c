import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

// Stripe's objects are plain JSON of many shapes.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Json = any;
type Answer = { status: number; body: Json };

/**
 * What happens to one call. `lost`: carried out, and the connection ends; `hang`: carried out, and nothing comes back;
 * `broken`: carried out, and answered and saved as a 500; `failed`: not carried out, but saved as a 500; `overloaded`: a 503 of the
 * edge, not saved; `limited`: a 429; `busy`: somebody else's call with the same key is under way; `forbidden`: a 403.
 */
export type StripeFault = 'lost' | 'hang' | 'broken' | 'failed' | 'overloaded' | 'limited' | 'busy' | 'forbidden';

export type StripeRequest = { method: string; path: string; key: string | undefined; params: Record<string, string> };

// https://docs.stripe.com/search#data-freshness
const LATE_BY_MS = 3_600_000;

const failure = (status: number, error: Json): Answer => ({ status, body: { error } });
const invalid = (code: string, parts: Json = {}) =>
  failure(400, { type: 'invalid_request_error', code, message: `quotes ${JSON.stringify(parts)}`, ...parts });

/**
 * An HTTP server that answers as Stripe does, as far as the shop asks it, idempotency keys and late search included. Cards: `pm_declined`
 * has no funds, `pm_3ds` wants its customer, `pm_unknown` does not exist, `pm_slow` is processed for long, all others pay.
 */
export class StripeServer {
  /** Every movement of money, in sequence. */
  readonly ledger: { kind: 'charge' | 'refund'; order: string; amount: number; currency: string }[] = [];
  readonly requests: StripeRequest[] = [];
  readonly intents = new Map<string, Json>();
  /** Says what happens to the present call. */
  fault: (request: StripeRequest) => StripeFault | undefined = () => undefined;
  apiKey = 'sk_test_right';
  /** Whether the search is behind: by an hour at most, so what is older is found all the same. */
  searchIsLate = false;
  private readonly saved = new Map<string, { of: string; answer: Answer }>();
  private readonly server: Server = createServer((request, response) => void this.serve(request, response));
  private made = 0;
  private clock = Date.parse('2026-11-21T09:00:00Z');

  async listen(): Promise<{ host: string; port: number; protocol: 'http' }> {
    await new Promise<void>((ready) => this.server.listen(0, '127.0.0.1', ready));
    return { host: '127.0.0.1', port: (this.server.address() as AddressInfo).port, protocol: 'http' };
  }

  /** The time, at which everything that is not told to wait happens a second after the other. */
  now = (): Date => new Date(this.clock);

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** A day goes by: keys are forgotten. */
  forgetKeys(): void {
    this.saved.clear();
    this.clock += 25 * 3_600_000;
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
    const of = JSON.stringify([pathname, params]);
    const kept = key === undefined ? undefined : this.saved.get(key);
    const fault = this.fault(call);
    if (fault === 'overloaded') return send(failure(503, { type: 'api_error' }));
    if (fault === 'limited') return send(failure(429, { type: 'invalid_request_error', code: 'rate_limit' }));
    if (fault === 'forbidden') return send(failure(403, { type: 'invalid_request_error' }));
    if (fault === 'busy') return send(failure(409, { type: 'invalid_request_error', code: 'idempotency_key_in_use' }));
    if (kept !== undefined && kept.of !== of) return send(failure(400, { type: 'idempotency_error' }));
    const broken = failure(500, { type: 'api_error' });
    const fresh = () => {
      if (fault === 'failed') return broken;
      const answer = this.carryOut(call);
      return fault === 'broken' ? broken : answer;
    };
    const answer = kept?.answer ?? structuredClone(fresh());
    if (key !== undefined) this.saved.set(key, { of, answer });
    if (fault === 'lost') return void request.socket.destroy();
    if (fault === 'hang') return;
    send(answer, kept === undefined ? {} : { 'idempotent-replayed': 'true' });
  }

  private carryOut({ method, path, params }: StripeRequest): Answer {
    const ok = (body: Json): Answer => ({ status: 200, body });
    const [, , resource = '', id = '', verb] = path.split('/');
    const asked = `${method} ${resource}${id === '' ? '' : id === 'search' ? '/search' : '/:id'}${verb ? `/${verb}` : ''}`;
    const intent = this.intents.get(id);
    switch (asked) {
      case 'POST payment_methods':
        return ok({ id: `pm_of_${params['card[token]']}` });
      case 'POST payment_intents':
        return this.create(params);
      case 'POST payment_intents/:id/confirm':
        return this.confirm(intent);
      case 'GET payment_intents/:id':
        return ok(intent);
      case 'GET payment_intents/search': {
        const [, order = ''] = /^metadata\['order'\]:'(.*)'$/.exec(params.query ?? '') ?? [];
        const data = [...this.intents.values()].filter(
          ({ metadata }) => metadata.order.toLowerCase() === order.toLowerCase(),
        );
        const known = data.filter(({ created }) => !this.searchIsLate || created * 1000 < this.clock - LATE_BY_MS);
        return ok({ object: 'search_result', data: known.reverse(), has_more: false });
      }
      case 'POST refunds':
        return this.refund(this.intents.get(params.payment_intent ?? ''));
      default:
        return failure(404, { type: 'invalid_request_error', message: asked });
    }
  }

  private create(params: Record<string, string>): Answer {
    const { amount, currency, payment_method } = params;
    if (payment_method === 'pm_unknown') return invalid('resource_missing', { param: 'payment_method' });
    if (Number(amount) > 99_999_999) return invalid('amount_too_large', { param: 'amount' });
    if (currency === 'xxx') return invalid('', { param: 'currency' });
    this.made += 1;
    const metadata = { order: params['metadata[order]'], orderId: params['metadata[orderId]'] };
    const id = `pi_${this.made}`;
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
    const refuse = (code: string, decline_code: string) => {
      Object.assign(intent, { status: 'requires_payment_method', last_payment_error: { code, decline_code } });
      return failure(402, { type: 'card_error', code, decline_code });
    };
    if (intent.payment_method === 'pm_declined') return refuse('card_declined', 'insufficient_funds');
    if (intent.payment_method === 'pm_3ds') return refuse('authentication_required', 'authentication_required');
    intent.status = intent.payment_method === 'pm_slow' ? 'processing' : 'succeeded';
    intent.latest_charge = { refunded: false };
    const { amount, currency } = intent;
    this.ledger.push({ kind: 'charge', order: intent.metadata.order, amount, currency });
    return { status: 200, body: intent };
  }

  private refund(intent: Json): Answer {
    if (intent.latest_charge?.refunded) return invalid('charge_already_refunded');
    intent.latest_charge.refunded = true;
    const { amount, currency } = intent;
    this.ledger.push({ kind: 'refund', order: intent.metadata.order, amount, currency });
    return { status: 200, body: { id: 're_1', status: 'succeeded' } };
  }
}
