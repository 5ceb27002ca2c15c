import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { failure, invalid, StripeAccount, type StripeAnswer, type StripeRequest } from './stripe-account.ts';

/**
 * The fault of one call. `lost`: executed, then the connection is closed; `late`: the connection is closed, and `arriveLate` executes the
 * call; `hang`: executed, no response; `broken`: executed, but a 500 is returned and saved; `failed`: not executed, a 500 is saved;
 * `overloaded`: a 503 from Stripe's edge, not saved; `limited`: a 429; `busy`: another call with the same key is in progress; `forbidden`: a 403;
 * `wrong-mode`: the object is a test object, and the key a live one.
 */
export type StripeFault =
  | 'lost'
  | 'late'
  | 'hang'
  | 'broken'
  | 'failed'
  | 'overloaded'
  | 'limited'
  | 'busy'
  | 'forbidden'
  | 'wrong-mode';

const REFUSALS = new Map<StripeFault | undefined, StripeAnswer>([
  ['overloaded', failure(503, { type: 'api_error' })],
  ['limited', failure(429, { type: 'invalid_request_error', code: 'rate_limit' })],
  ['forbidden', failure(403, { type: 'invalid_request_error' })],
  [
    'wrong-mode',
    failure(404, {
      type: 'invalid_request_error',
      code: 'resource_missing',
      param: 'intent',
      message: 'No such payment_intent; a similar object exists in test mode, but a live mode key was used.',
    }),
  ],
  ['busy', failure(409, { type: 'invalid_request_error', code: 'idempotency_key_in_use' })],
]);

/** An HTTP server that acts like the part of Stripe's API that the shop uses, with idempotency keys and faults. */
export class StripeServer extends StripeAccount {
  readonly requests: StripeRequest[] = [];
  /** Returns the fault of the current call. */
  fault: (request: StripeRequest) => StripeFault | undefined = () => undefined;
  /** Returns the code with which Stripe refuses the current call for good. */
  refusal: (request: StripeRequest) => string | undefined = () => undefined;
  apiKey = 'sk_test_right';
  private readonly savedResponses = new Map<string, { request: string; answer: StripeAnswer }>();
  private readonly onTheirWay: StripeRequest[] = [];
  private readonly server: Server = createServer((request, response) => void this.serve(request, response));

  async listen(): Promise<{ host: string; port: number; protocol: 'http' }> {
    await new Promise<void>((ready) => this.server.listen(0, '127.0.0.1', ready));
    return { host: '127.0.0.1', port: (this.server.address() as AddressInfo).port, protocol: 'http' };
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** Expires the idempotency keys and advances the clock by 25 hours. */
  expireIdempotencyKeys(): void {
    this.savedResponses.clear();
    this.pass(25);
  }

  /** Executes the calls that were on their way. */
  arriveLate(): void {
    for (const request of this.onTheirWay.splice(0)) this.answerTo(request);
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += chunk;
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://stripe');
    const params = Object.fromEntries([...searchParams, ...new URLSearchParams(text)]);
    const key = request.headers['idempotency-key'] as string | undefined;
    const call = { method: request.method ?? '', path: pathname, key, params };
    this.requests.push(call);
    const send = ({ status, body }: StripeAnswer, headers: Record<string, string> = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', 'request-id': 'req_1', ...headers });
      response.end(JSON.stringify(body));
    };
    if (request.headers.authorization !== `Bearer ${this.apiKey}`) {
      return send(failure(401, { type: 'invalid_request_error', message: 'Invalid API Key provided: sk_test_wrong' }));
    }
    const fault = this.fault(call);
    const refusal = REFUSALS.get(fault);
    if (refusal !== undefined) return send(refusal);
    if (fault === 'late') {
      this.onTheirWay.push(call);
      return void request.socket.destroy();
    }
    const { answer, isReplayed } = this.answerTo(call, fault);
    if (fault === 'lost') return void request.socket.destroy();
    if (fault === 'hang') return;
    send(answer, isReplayed ? { 'idempotent-replayed': 'true' } : {});
  }

  /** Executes a call, or repeats the response that is saved under its key. */
  private answerTo(call: StripeRequest, fault?: StripeFault): { answer: StripeAnswer; isReplayed: boolean } {
    const { key, path, params } = call;
    const fingerprint = JSON.stringify([path, params]);
    const saved = key === undefined ? undefined : this.savedResponses.get(key);
    if (saved !== undefined) {
      const isSame = saved.request === fingerprint;
      return { answer: isSame ? saved.answer : failure(400, { type: 'idempotency_error' }), isReplayed: isSame };
    }
    const answer = structuredClone(this.resultOf(call, fault));
    if (key !== undefined) this.savedResponses.set(key, { request: fingerprint, answer });
    return { answer, isReplayed: false };
  }

  private resultOf(call: StripeRequest, fault?: StripeFault): StripeAnswer {
    const broken = failure(500, { type: 'api_error' });
    if (fault === 'failed') return broken;
    const refused = this.refusal(call);
    const answer = refused === undefined ? this.execute(call) : invalid(refused);
    return fault === 'broken' ? broken : answer;
  }
}
