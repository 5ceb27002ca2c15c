import { expect } from 'vitest';
import type { CloudEvent } from '../../contracts/cloud-event.ts';
import type { OrderProgressed } from '../../contracts/lifecycle.ts';
import type { Route } from '../../infra/route.ts';
import { routing } from '../../infra/routing.ts';
import type { OrderInput } from '../../lambdas/order/input.ts';
import { isDecided, type Order } from '../../lambdas/order/record.ts';
import { nextOrder } from '../../lambdas/order/rules.ts';
import { type PaymentEffect, type PaymentEffectResult, runPaymentEffect } from '../../lambdas/payment/effects.ts';
import type { Payment } from '../../lambdas/payment/record.ts';
import { nextPayment, type PaymentInput } from '../../lambdas/payment/rules.ts';
import { UnavailableError, WaitingError } from '../../lambdas/runtime/failure.ts';
import { openFence } from '../../lambdas/runtime/fence.ts';
import { publishAll } from '../../lambdas/runtime/outbox.ts';
import type { Publish } from '../../lambdas/runtime/publish.ts';
import type { OrderRecord } from '../../lambdas/runtime/records.ts';
import type { StockSnapshot } from '../../lambdas/stock/plan.ts';
import { planStock, type StockInput } from '../../lambdas/stock/rules.ts';
import { delivery } from './deliveries.ts';
import { deadlinePassed } from './events.ts';
import { FakeGateway } from './gateway.ts';
import { ModelShop } from './model-shop.ts';
import { MemoryStockTable } from './stock-table.ts';

type Message = { consumer: 'order' | 'outcomes' | 'payment' | 'stock'; event: CloudEvent; inFlight: boolean };
/** A worker that handles messages; each step runs to the next await, where the worker may be killed. */
type Worker = { messages: Message[]; steps: AsyncGenerator<void, boolean> };

const CONSUMERS = ['order', 'outcomes', 'payment', 'stock'] as const;
const MAX_STEPS = 5_000;
const RETRIED = new Set(['UnavailableError', 'WaitingError']);

/**
 * Runs the rules of order, payment and stock as single reads, writes, calls and messages. A list of random numbers decides their
 * sequence, repetitions, losses and crashes. After each write the state is compared with the independent `ModelShop`.
 */
export class Exploration {
  readonly orders = new Map<string, Order>();
  readonly payments = new Map<string, Payment>();
  readonly gateway = new FakeGateway();
  readonly stock: MemoryStockTable;
  readonly feed: OrderProgressed['data'][] = [];
  readonly failures: string[] = [];
  readonly model: ModelShop;
  stepsTaken = 0;
  private readonly mayTimeOut: ReadonlySet<string>;
  private readonly messages: Message[] = [];
  private workers: Worker[] = [];
  /** Calls that their callers gave up, and that the gateway still handles: at any time, within the life of its idempotency keys. */
  private hungCalls: (() => Promise<void>)[] = [];
  private numbers: number[] = [];
  private clock = 0;

  constructor(available: Record<string, number>, mayTimeOut: ReadonlySet<string>) {
    this.stock = new MemoryStockTable(available);
    this.model = new ModelShop(available);
    this.mayTimeOut = mayTimeOut;
    this.gateway.losesResponse = () => this.faultOccurs(6);
    this.stock.conflicts = () => this.faultOccurs(8);
  }

  send(event: CloudEvent): void {
    for (const consumer of CONSUMERS) {
      const { consumes }: Route = routing[consumer];
      // The order consumer does nothing with a receipt.
      if (consumer === 'order' && event.type === 'shop.stock.received.v1') continue;
      if (consumes.some(({ type }) => type === event.type)) this.messages.push({ consumer, event, inFlight: false });
    }
  }

  async run(numbers: readonly number[]): Promise<void> {
    this.numbers = [...numbers];
    for (; this.stepsTaken < MAX_STEPS; this.stepsTaken += 1) {
      this.clock += 1;
      const number = this.numbers.shift();
      if (!(await this.step(number))) return;
    }
    throw new Error('The exploration does not come to an end');
  }

  private async step(number: number | undefined): Promise<boolean> {
    const idle = this.messages.filter(({ inFlight }) => !inFlight);
    if (number === undefined) return this.stepWithoutFaults(idle);
    const choice = Math.floor(number / 16);
    const chosen = idle[choice % Math.max(1, idle.length)];
    const worker = this.workers[choice % Math.max(1, this.workers.length)];
    const kind = number % 16;
    if (kind === 0) this.workers = this.workers.filter((other) => other !== worker || this.release(other));
    else if (kind === 1) this.sweep();
    else if (kind === 2) await this.disturbGateway(choice);
    else if (kind < 7 && chosen !== undefined) this.begin(chosen, idle);
    else if (worker !== undefined) await this.advance(worker);
    else if (chosen !== undefined) this.begin(chosen, idle);
    return true;
  }

  /** Without numbers everything succeeds, one step after the other; what still hangs takes effect last of all. */
  private async stepWithoutFaults(idle: readonly Message[]): Promise<boolean> {
    this.gateway.down = false;
    const [worker] = this.workers;
    if (worker === undefined && idle[0] !== undefined) this.begin(idle[0], []);
    else if (worker !== undefined) await this.advance(worker);
    else await this.handleHungCall(0);
    return this.workers.length > 0 || this.messages.length > 0 || this.hungCalls.length > 0;
  }

  private async disturbGateway(choice: number): Promise<void> {
    if (choice % 4 === 0) this.passDay();
    else if (choice % 4 === 1) this.gateway.down = !this.gateway.down;
    else await this.handleHungCall(choice);
  }

  private async handleHungCall(choice: number): Promise<void> {
    const [call] = this.hungCalls.splice(choice % Math.max(1, this.hungCalls.length), 1);
    await call?.();
  }

  /** Kills all workers and expires the gateway's idempotency keys. */
  private passDay(): void {
    for (const worker of this.workers) this.release(worker);
    this.workers = [];
    this.hungCalls = [];
    this.gateway.expireIdempotencyKeys();
  }

  private faultOccurs(oneIn: number): boolean {
    return (this.numbers.shift() ?? 1) % oneIn === 0;
  }

  /** Makes the messages of a worker visible again, as none was deleted. */
  private release({ messages }: Worker): false {
    for (const message of messages) message.inFlight = false;
    return false;
  }

  private begin(message: Message, idle: readonly Message[]): void {
    const messages = [message];
    if (message.consumer === 'stock') {
      const orders = new Set([message.event.subject]);
      for (const other of idle) {
        if (other.consumer !== 'stock' || messages.length === 3 || orders.has(other.event.subject)) continue;
        orders.add(other.event.subject);
        messages.push(other);
      }
    }
    // In one of eight cases SQS delivers the message to another worker too.
    for (const one of messages) one.inFlight = !this.faultOccurs(8);
    const steps =
      message.consumer === 'stock'
        ? this.onStock(messages)
        : message.consumer === 'payment'
          ? this.onPayment(message.event as PaymentInput)
          : this.onOrder(message.event as OrderInput);
    this.workers.push({ messages, steps });
  }

  private async advance(worker: Worker): Promise<void> {
    const { done, value } = await worker.steps.next().catch((error: Error) => {
      if (RETRIED.has(error.name)) return { done: true, value: false };
      throw error;
    });
    if (!done) return;
    this.workers = this.workers.filter((other) => other !== worker);
    this.release(worker);
    for (const message of worker.messages) {
      const isThere = this.deleteMessage(message);
      // What is retried comes behind what it may wait for.
      if (isThere && !value) this.messages.push(message);
    }
  }

  private deleteMessage(message: Message): boolean {
    const index = this.messages.indexOf(message);
    if (index >= 0) this.messages.splice(index, 1);
    return index >= 0;
  }

  private sweep(): void {
    for (const { orderId, status } of this.orders.values()) {
      if (!isDecided({ status }) && this.mayTimeOut.has(orderId)) this.send(deadlinePassed({ orderId }));
    }
  }

  private now = () => new Date(Date.UTC(2026, 10, 21, 9) + this.clock * 1000);

  private write<R extends OrderRecord>(table: Map<string, R>, before: R | undefined, after: R): R | undefined {
    if (table.get(after.orderId)?.version !== before?.version) return undefined;
    const saved = { ...after, version: (before?.version ?? 0) + 1 };
    table.set(after.orderId, saved);
    // The table commits, the response is lost, and the SDK's retry is refused.
    return this.faultOccurs(12) ? undefined : saved;
  }

  private async *onPayment(event: PaymentInput): AsyncGenerator<void, boolean> {
    const { orderId } = event.data;
    let known = event.type === 'shop.order.placed.v1' ? undefined : this.payments.get(orderId);
    let input: Parameters<typeof nextPayment>[1] = delivery(event);
    for (;;) {
      yield;
      const step = this.decide(event, () => nextPayment(known, input, this.now()));
      if (step === undefined) return true;
      if (step.after !== undefined) {
        const saved = this.write(this.payments, known, step.after);
        if (saved === undefined) {
          yield;
          known = this.payments.get(orderId);
          continue;
        }
        known = saved;
      }
      yield;
      if (step.effect === undefined) return this.publish(step.publish ?? []);
      input = yield* this.runEffect(step.effect);
    }
  }

  /** Runs an effect call by call, so that other workers act between two of its calls, and a call may hang. */
  private async *runEffect(effect: PaymentEffect): AsyncGenerator<void, PaymentEffectResult> {
    let resume: (() => void) | undefined;
    let next = Promise.withResolvers<void>();
    const hangs = (call: () => Promise<void>) => this.faultOccurs(10) && this.hungCalls.push(call) > 0;
    const checkMoney = () => this.model.expectMoney(effect.orderId, this.gateway.ledger);
    const gateway = new Proxy(this.gateway, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return async (...args: unknown[]) => {
          await new Promise<void>((go) => {
            resume = go;
            next.resolve();
          });
          const call = async () => {
            await Promise.resolve(member.apply(target, args)).catch(() => {});
            checkMoney();
          };
          if (hangs(call)) throw new UnavailableError('The gateway did not answer in time');
          return member.apply(target, args);
        };
      },
    });
    const result = runPaymentEffect(gateway, effect, openFence).finally(() => next.resolve());
    // Its failure is the worker's, once it has come to it.
    result.catch(() => {});
    for (let first = true; ; first = false) {
      await next.promise;
      if (resume === undefined) break;
      const call: () => void = resume;
      resume = undefined;
      next = Promise.withResolvers<void>();
      if (!first) yield;
      call();
    }
    checkMoney();
    return result;
  }

  private async *onOrder(event: OrderInput): AsyncGenerator<void, boolean> {
    const { orderId } = event.data;
    let known = event.type === 'shop.order.placed.v1' ? undefined : this.orders.get(orderId);
    for (;;) {
      yield;
      const step = this.decide(event, () => nextOrder(known, delivery(event), this.now()));
      if (step === undefined) return true;
      if (step.after !== undefined) {
        const version = this.orders.get(orderId)?.version;
        const saved = this.write(this.orders, known, step.after);
        if (this.orders.get(orderId)?.version !== version) this.model.onOrder(event);
        this.model.expectOrder(orderId, this.orders.get(orderId));
        if (saved === undefined) {
          yield;
          known = this.orders.get(orderId);
          continue;
        }
      }
      yield;
      const publication = { publish: step.publish ?? [], outbox: step.outbox ?? [] };
      const [answer] = await publishAll(this.publishSteps, [delivery(event)], [publication]);
      yield;
      this.notePosition(orderId, answer?.position);
      return answer?.result.error === undefined;
    }
  }

  /** Publishes an order's events and returns the accepted ones: the feed accepts a prefix of the steps, the bus the decision or not. */
  private readonly publishSteps: Publish = async (events) => {
    let stopped = false;
    return events.map((each) => {
      const isStep = each.type === 'shop.order.progressed.v1';
      if (isStep) stopped ||= this.faultOccurs(8);
      if (isStep ? stopped : this.faultOccurs(6)) return new UnavailableError('refused');
      if (isStep) this.feed.push((each as OrderProgressed).data);
      else this.send(each);
      return undefined;
    });
  };

  private notePosition(orderId: string, published = 0): void {
    const order = this.orders.get(orderId);
    if (order !== undefined && published > order.published && !this.faultOccurs(6))
      this.orders.set(orderId, { ...order, published });
  }

  private async *onStock(messages: readonly Message[]): AsyncGenerator<void, boolean> {
    const events = messages.map(({ event }) => event as StockInput);
    const since = this.model.latestSnapshotIndex;
    const cancelled = events.filter((event) => event.type === 'shop.order.cancelled.v1');
    const known: StockSnapshot = {
      reservations: await this.stock.load(cancelled.map(({ data }) => data.orderId)),
      available: new Map(),
    };
    for (let round = 0; round < 6; round += 1) {
      yield;
      const attempt = planStock(
        events.map((event) => delivery(event)),
        known,
        this.now(),
      );
      for (const one of attempt.planned) if ('failure' in one) this.failures.push(String(one.failure));
      const idle = attempt.planned.every((one) => !('write' in one));
      const refusal = idle ? undefined : await this.stock.commit(attempt);
      if (refusal === undefined) {
        const rejected = (orderId: string) => this.stock.reservations.get(orderId)?.state === 'rejected';
        this.model.onStock(events, rejected, since);
        this.model.expectShelves(this.stock.shelves);
        yield;
        return this.publish(attempt.planned.flatMap((one) => ('publish' in one ? one.publish : [])));
      }
      for (const [orderId, reservation] of refusal.reservations) known.reservations.set(orderId, reservation);
      for (const [sku, available] of refusal.available) known.available.set(sku, available);
    }
    return false;
  }

  private decide<Decision>(event: CloudEvent, decide: () => Decision): Decision | undefined {
    try {
      return decide();
    } catch (error) {
      if (error instanceof WaitingError) throw error;
      this.failures.push(`${event.type}: ${error}`);
      return undefined;
    }
  }

  private publish(events: readonly CloudEvent[]): boolean {
    const taken = events.filter(() => !this.faultOccurs(8));
    for (const event of taken) this.send(event);
    return taken.length === events.length;
  }

  /** Asserts what must hold when no message is left. */
  expectConsistent(): void {
    expect(this.failures).toEqual([]);
    for (const [orderId, order] of this.orders) {
      this.model.expectEnd(orderId, order, this.gateway.ledger, this.payments.get(orderId));
      const steps = this.feed.filter((step) => step.orderId === orderId).map(({ sequence }) => sequence);
      const first = steps.filter((sequence, index) => steps.indexOf(sequence) === index);
      expect(first).toEqual(order.timeline.map((_, index) => index + 1));
    }
    this.model.expectShelves(this.stock.shelves);
    for (const { reserved } of this.stock.shelves.values()) expect(reserved, 'held for nobody').toBe(0);
  }
}
