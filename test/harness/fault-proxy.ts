import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { withholdEntries } from './batch-entries.ts';
import { DeliveryBuffer } from './delivery-buffer.ts';
import { type InjectedFault, matchesRule, type Rule } from './fault-rules.ts';
import {
  type ApiCall,
  type ApiResponse,
  conflictError,
  errorResponse,
  parseCall,
  serializeCall,
  success,
  throttlingError,
} from './protocol.ts';
import { seededRandom } from './random.ts';

/** What the caller gets: a response, or a broken connection. */
type Outcome = ApiResponse | 'broken';
type Active = { rule: Rule; random: () => number; seen: number; hits: number };

/** What a caller does at faults that concern its whole process. `freeze` resolves when it is thawed. */
export type CallerProcess = { crash(): void; freeze?(): Promise<void> };

type Caller = { server: Server; process: CallerProcess | undefined };

/**
 * Proxies AWS calls to an engine and injects faults by rules. The same seed gives every rule the same decisions; every injected
 * fault is kept for the report.
 */
export class FaultProxy {
  readonly injected: InjectedFault[] = [];
  /** Called with every call that the server executed, and its response. */
  observe: (call: ApiCall, answer: ApiResponse) => void = () => {};
  /** The time in its `date` headers: an SDK whose clock differs by minutes corrects it and calls again. */
  now: () => number = Date.now;
  private readonly counts = new Map<string, number>();
  private readonly latest = new Map<string, string>();
  private readonly callers = new Map<string, Caller>();
  private readonly receiving = new DeliveryBuffer();
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 128 });
  private readonly target: URL;
  private active: Active[] = [];
  private seed = 1;

  constructor(target: string) {
    this.target = new URL(target);
  }

  /** Opens an endpoint for one caller, which identifies its calls, and returns its URL. */
  async open(caller: string, process?: CallerProcess): Promise<string> {
    const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, response) => {
      this.serve(caller, incoming, response).catch(() => response.socket?.destroy());
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    // An open endpoint must not keep the process alive.
    server.unref();
    this.callers.set(caller, { server, process });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Replaces all rules and resets counts, recorded faults, held-back messages and the seed. */
  inject(seed: number, ...rules: Rule[]): void {
    this.seed = seed;
    this.active = [];
    this.injected.length = 0;
    this.counts.clear();
    this.latest.clear();
    this.receiving.clear();
    this.add(...rules);
  }

  /** Adds rules; if several match a call, the first that hits decides. */
  add(...rules: Rule[]): void {
    for (const rule of rules) {
      const random = seededRandom(this.seed * 1_000 + this.active.length);
      this.active.push({ rule, random, seen: 0, hits: 0 });
    }
  }

  /** Removes rules. */
  remove(...rules: Rule[]): void {
    this.active = this.active.filter(({ rule }) => !rules.includes(rule));
  }

  /** How often this rule hit a call. */
  hits(rule: Rule): number {
    return this.active.find((one) => one.rule === rule)?.hits ?? 0;
  }

  /** The number of messages held back to be delivered again or late. */
  get keptBack(): number {
    return this.receiving.pending;
  }

  /** Counts the calls that arrived, rejected ones included, by caller and operation (`dynamodb.PutItem`). */
  calls(caller: RegExp, operation: RegExp): number {
    let sum = 0;
    for (const [key, count] of this.counts) {
      const [who = '', what = ''] = key.split(' ');
      if (caller.test(who) && operation.test(what)) sum += count;
    }
    return sum;
  }

  /** Describes, for a failed test, the seed and the injected faults. */
  report(): string {
    const lines = this.injected.map(
      ({ caller, call, nth, fault, previous }) => `  ${caller} ${call} #${nth}, after ${previous}: ${fault}`,
    );
    return [`seed ${this.seed}, ${lines.length} faults injected`, ...lines].join('\n');
  }

  async close(): Promise<void> {
    this.agent.destroy();
    for (const { server } of this.callers.values()) {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    }
  }

  private async serve(caller: string, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const call = parseCall(caller, incoming.headers, text);
    const name = `${call.service}.${call.operation}`;
    const nth = (this.counts.get(`${caller} ${name}`) ?? 0) + 1;
    this.counts.set(`${caller} ${name}`, nth);
    const previous = this.latest.get(caller) ?? 'nothing';
    this.latest.set(caller, name);
    const note = (fault: string) => this.injected.push({ caller, call: name, nth, fault, previous });
    const forward = async (one: ApiCall) => {
      const answer = await this.forward(incoming, one.service === 'other' ? text : serializeCall(one));
      this.observe(one, answer);
      return answer;
    };
    const outcome = await this.decide(call, forward, note);
    if (outcome === 'broken') return void response.socket?.destroy();
    const date = new Date(this.now()).toUTCString();
    response.writeHead(outcome.status, { 'content-type': outcome.type, 'x-amzn-requestid': 'faults', date });
    response.end(outcome.body);
  }

  private async decide(
    call: ApiCall,
    forward: (call: ApiCall) => Promise<ApiResponse>,
    note: (fault: string) => void,
  ): Promise<Outcome> {
    const hit = this.active.filter((one) => this.strikes(one, call));
    for (const { rule } of hit) if (rule.fault.kind === 'edit') rule.fault.request(call.body, call);
    if (call.operation === 'ReceiveMessage') return this.receive(call, await forward(call), hit, note);
    const first = hit.find(({ rule }) => rule.fault.kind !== 'edit');
    if (first === undefined) return forward(call);
    const { rule, random } = first;
    const { fault } = rule;
    note('when' in fault ? `${fault.kind} ${fault.when}` : fault.kind);
    switch (fault.kind) {
      case 'lose-answer':
        await forward(call);
        return 'broken';
      case 'answer-500':
        await forward(call);
        return errorResponse(call, 500, 'InternalFailure', 'Injected after the call was carried out');
      case 'refuse':
        return errorResponse(call, 500, 'InternalServerError', 'Injected instead of the call');
      case 'delay':
        await pause(fault.milliseconds);
        return forward(call);
      case 'respond':
        return fault.response(call);
      case 'throttle':
        return throttlingError(call);
      case 'conflict':
        return conflictError(call) ?? forward(call);
      case 'fail-entries':
        return this.failEntries(call, forward, () => random() < (fault.share ?? 1));
      case 'crash':
        if (fault.when === 'after') await forward(call);
        this.callers.get(call.caller)?.process?.crash();
        return 'broken';
      case 'freeze': {
        const given = fault.when === 'after' ? await forward(call) : 'broken';
        await this.callers.get(call.caller)?.process?.freeze?.();
        return fault.when === 'late' ? forward(call) : given;
      }
      default:
        return forward(call);
    }
  }

  private strikes(one: Active, call: ApiCall): boolean {
    const { rule } = one;
    if (one.hits >= (rule.times ?? Number.POSITIVE_INFINITY) || !matchesRule(rule, call)) return false;
    one.seen += 1;
    if (one.seen <= (rule.skip ?? 0)) return false;
    if (rule.probability !== undefined && one.random() >= rule.probability) return false;
    one.hits += 1;
    return true;
  }

  private receive(
    call: ApiCall,
    given: ApiResponse,
    hit: readonly Active[],
    note: (fault: string) => void,
  ): ApiResponse {
    // FIFO queues promise order and no duplicates, and keep it.
    if (given.status !== 200 || String(call.body.QueueUrl).endsWith('.fifo')) return given;
    let answer = given;
    let touched = false;
    for (const { rule, random } of hit) {
      if (rule.fault.kind === 'duplicate') answer = this.receiving.duplicate(call, answer, rule.fault.copies, random);
      else if (rule.fault.kind === 'reorder') answer = this.receiving.reorder(call, answer, random);
      else continue;
      touched = true;
      if (answer.body !== given.body) note(rule.fault.kind);
    }
    return touched ? answer : this.receiving.complete(call, answer);
  }

  private async failEntries(
    call: ApiCall,
    forward: (call: ApiCall) => Promise<ApiResponse>,
    fails: () => boolean,
  ): Promise<ApiResponse> {
    const withheld = withholdEntries(call, fails);
    if (withheld === undefined || withheld.count === 0) return forward(call);
    return withheld.merge(
      withheld.rest === undefined ? { ...success(call, {}), body: '' } : await forward(withheld.rest),
    );
  }

  private forward(incoming: IncomingMessage, body: string): Promise<ApiResponse> {
    const headers = { ...incoming.headers, host: this.target.host, 'content-length': String(Buffer.byteLength(body)) };
    // Compressed responses could not be parsed.
    delete headers['accept-encoding'];
    delete headers['transfer-encoding'];
    return new Promise((answered, failed) => {
      const options = { agent: this.agent, host: this.target.hostname, port: this.target.port };
      const outgoing = request({ ...options, path: incoming.url, method: incoming.method, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', failed);
        response.once('end', () => {
          const type = String(response.headers['content-type'] ?? 'text/plain');
          answered({ status: response.statusCode ?? 502, type, body: Buffer.concat(chunks).toString('utf8') });
        });
      });
      outgoing.once('error', failed);
      outgoing.end(body);
    });
  }
}
