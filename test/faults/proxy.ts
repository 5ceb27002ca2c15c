import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { withhold } from './entries.ts';
import { type Answer, type Call, callOf, conflicting, ok, refusal, throttled, written } from './protocol.ts';
import { randomFrom } from './random.ts';
import { Receiving } from './receiving.ts';
import { type Injected, matches, type Rule } from './rules.ts';

/** What the caller gets: an answer, or a connection that breaks. */
type Outcome = Answer | 'broken';
type Active = { rule: Rule; random: () => number; seen: number; hits: number };
type Caller = { server: Server; onCrash: (() => void) | undefined };

/**
 * Stands between AWS clients and an engine and makes of it an AWS on a bad day, as its rules say. The same seed gives
 * every rule the same decisions, whatever else goes on; every injected fault is kept for the report.
 */
export class FaultProxy {
  readonly injected: Injected[] = [];
  /** Sees every call that the server carried out, and its answer. */
  observe: (call: Call, answer: Answer) => void = () => {};
  /** The time its answers carry: an SDK whose clock differs from it by minutes corrects it, and calls again. */
  now: () => number = Date.now;
  private readonly counts = new Map<string, number>();
  private readonly latest = new Map<string, string>();
  private readonly callers = new Map<string, Caller>();
  private readonly receiving = new Receiving();
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 128 });
  private readonly target: URL;
  private active: Active[] = [];
  private seed = 1;

  constructor(target: string) {
    this.target = new URL(target);
  }

  /** Opens an endpoint for one caller, by which its calls are told apart, and gives its address. */
  async open(caller: string, onCrash?: () => void): Promise<string> {
    const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, response) => {
      this.serve(caller, incoming, response).catch(() => response.socket?.destroy());
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    // An endpoint that nobody closes keeps nobody from ending.
    server.unref();
    this.callers.set(caller, { server, onCrash });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Replaces all rules, forgets what was counted, recorded and kept back, and starts the seed anew. */
  inject(seed: number, ...rules: Rule[]): void {
    this.seed = seed;
    this.active = [];
    this.injected.length = 0;
    this.counts.clear();
    this.latest.clear();
    this.receiving.clear();
    this.add(...rules);
  }

  /** Adds rules; where several match a call, the first that hits decides. */
  add(...rules: Rule[]): void {
    for (const rule of rules) {
      const random = randomFrom(this.seed * 1_000 + this.active.length);
      this.active.push({ rule, random, seen: 0, hits: 0 });
    }
  }

  /** Takes rules away again. */
  remove(...rules: Rule[]): void {
    this.active = this.active.filter(({ rule }) => !rules.includes(rule));
  }

  /** How often this rule hit a call. */
  hits(rule: Rule): number {
    return this.active.find((one) => one.rule === rule)?.hits ?? 0;
  }

  /** How many received messages are kept back to come again or late. */
  get keptBack(): number {
    return this.receiving.pending;
  }

  /** How many calls arrived, refused ones included, of callers and operations (`dynamodb.PutItem`) that match. */
  calls(caller: RegExp, operation: RegExp): number {
    let sum = 0;
    for (const [key, count] of this.counts) {
      const [who = '', what = ''] = key.split(' ');
      if (caller.test(who) && operation.test(what)) sum += count;
    }
    return sum;
  }

  /** What to print with a failed test: how to do it again, and what was done to it. */
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
    const call = callOf(caller, incoming.headers, text);
    const name = `${call.service}.${call.operation}`;
    const nth = (this.counts.get(`${caller} ${name}`) ?? 0) + 1;
    this.counts.set(`${caller} ${name}`, nth);
    const previous = this.latest.get(caller) ?? 'nothing';
    this.latest.set(caller, name);
    const note = (fault: string) => this.injected.push({ caller, call: name, nth, fault, previous });
    const forward = async (one: Call) => {
      const answer = await this.forward(incoming, one.service === 'other' ? text : written(one));
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
    call: Call,
    forward: (call: Call) => Promise<Answer>,
    note: (fault: string) => void,
  ): Promise<Outcome> {
    const hit = this.active.filter((one) => this.strikes(one, call));
    for (const { rule } of hit) if (rule.fault.kind === 'edit') rule.fault.request(call.body, call);
    if (call.operation === 'ReceiveMessage') return this.receive(call, await forward(call), hit, note);
    const first = hit.find(({ rule }) => rule.fault.kind !== 'edit');
    if (first === undefined) return forward(call);
    const { rule, random } = first;
    const { fault } = rule;
    note(fault.kind === 'crash' ? `crash ${fault.when}` : fault.kind);
    switch (fault.kind) {
      case 'lose-answer':
        await forward(call);
        return 'broken';
      case 'answer-500':
        await forward(call);
        return refusal(call, 500, 'InternalFailure', 'Injected after the call was carried out');
      case 'refuse':
        return refusal(call, 500, 'InternalServerError', 'Injected instead of the call');
      case 'delay':
        await pause(fault.milliseconds);
        return forward(call);
      case 'throttle':
        return throttled(call);
      case 'conflict':
        return conflicting(call) ?? forward(call);
      case 'fail-entries':
        return this.failEntries(call, forward, () => random() < (fault.share ?? 1));
      case 'crash':
        if (fault.when === 'after') await forward(call);
        this.callers.get(call.caller)?.onCrash?.();
        return 'broken';
      default:
        return forward(call);
    }
  }

  private strikes(one: Active, call: Call): boolean {
    const { rule } = one;
    if (one.hits >= (rule.times ?? Number.POSITIVE_INFINITY) || !matches(rule, call)) return false;
    one.seen += 1;
    if (one.seen <= (rule.skip ?? 0)) return false;
    if (rule.probability !== undefined && one.random() >= rule.probability) return false;
    one.hits += 1;
    return true;
  }

  private receive(call: Call, given: Answer, hit: readonly Active[], note: (fault: string) => void): Answer {
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
    call: Call,
    forward: (call: Call) => Promise<Answer>,
    fails: () => boolean,
  ): Promise<Answer> {
    const withheld = withhold(call, fails);
    if (withheld === undefined || withheld.count === 0) return forward(call);
    return withheld.merge(withheld.rest === undefined ? { ...ok(call, {}), body: '' } : await forward(withheld.rest));
  }

  private forward(incoming: IncomingMessage, body: string): Promise<Answer> {
    const headers = { ...incoming.headers, host: this.target.host, 'content-length': String(Buffer.byteLength(body)) };
    // Compressed answers could not be looked into.
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
