import { setTimeout as wait } from 'node:timers/promises';
import type { CloudEvent } from '../../contracts/cloud-event.ts';
import type { BatchHandler, Delivery, HandlerResult, OrderEvent } from './delivery.ts';
import { BusyError } from './failure.ts';
import { type Fence, openFence } from './fence.ts';
import { log } from './log.ts';
import { notePositions, type OutboxEntry, type Publication, publishAll } from './outbox.ts';
import type { Publish } from './publish.ts';
import { KnownRecords, ProcessCache } from './record-cache.ts';
import type { OrderRecord, RecordChange, RecordStore, SaveResult } from './records.ts';

/**
 * What a rule decides: the record to write (absent: it stays), the effect to run once that is written, and what to publish in the end:
 * events, or entries of the record's outbox, which come before them. `failure`: what the delivery fails with when all that is done.
 */
export type Transition<R, Effect> = {
  after?: R;
  effect?: Effect;
  publish?: readonly CloudEvent[];
  outbox?: readonly OutboxEntry[];
  failure?: Error;
};

/** A consumer's rules and its effects. */
export type StateMachine<R extends OrderRecord, E extends OrderEvent, Effect, EffectResult> = {
  /** Decides, without side effects, on an order's record and either a delivery or the result of an effect. */
  decide(record: R | undefined, input: Delivery<E> | EffectResult): Transition<R, Effect>;
  /**
   * Runs an effect; must be idempotent, because a crash before its result is written runs it again. Whatever of it cannot be undone
   * looks at the fence directly before.
   */
  runEffect?(effect: Effect, fence: Fence): Promise<EffectResult>;
  /** Tells events that usually are an order's first: their orders are decided on without a read. */
  isFirstEvent(event: E): boolean;
  /** The attribute that counts the published entries of a record's timeline, where that is an outbox. @default none */
  outbox?: keyof R & string;
};

/** An order on its way through one round. */
type OrderProgress<Input, Effect> = {
  readonly orderId: string;
  readonly withoutEffects: boolean;
  input: Input;
  effect?: Effect | undefined;
  publish: CloudEvent[];
  outbox: OutboxEntry[];
  failure?: { reason: unknown };
  /** What it fails with in the end, when all is written and published. */
  failsWith?: Error | undefined;
  /** An effect was run, so its result must be written if at all possible. */
  hasRunEffect?: boolean;
  /** The record was changed, so the events are new. */
  hasChanged?: boolean;
};

/** What follows from a rule's transition: a write, a read first, the transition as it is, or nothing. */
type Decision<R extends OrderRecord, Effect> =
  | { kind: 'write'; change: RecordChange<R>; transition: Transition<R, Effect> }
  | { kind: 'accept'; transition: Transition<R, Effect> }
  | { kind: 'skip-effect' }
  | { kind: 'reload' }
  | { kind: 'fail'; reason: unknown };

/** What follows from a write's result. `found`: the record that another writer wrote first. */
type WriteOutcome<R> = { kind: 'written' } | { kind: 'retry'; found?: R } | { kind: 'fail'; reason: unknown };

// A writer that loses this often competes with dozens on one order; its message waits in the queue instead.
const MAX_WRITES = 6;
// An effect whose result is not written is run again by the next delivery, so this writer keeps trying for some seconds.
const MAX_WRITES_AFTER_EFFECT = 20;
const MAX_PAUSE_MS = 40;

/**
 * Handles whole rounds with a state machine: loads, decides and writes all orders of a round together, performs their effects in parallel and
 * writes the results, then publishes what follows and notes it in the outbox.
 */
export function stateMachine<R extends OrderRecord, E extends OrderEvent, Effect, EffectResult>(
  machine: StateMachine<R, E, Effect, EffectResult>,
  store: RecordStore<R>,
): (publish: Publish) => BatchHandler<E> {
  // Another process notes what it published without a new version, so a copy of this process may not know of it.
  const processCache = machine.outbox === undefined ? new ProcessCache<R>() : undefined;

  return (publish) =>
    async (deliveries, invocationCache = new Map(), fence = openFence) => {
      const known = new KnownRecords(store, invocationCache, processCache);
      const orders = deliveries.map(
        (delivery): OrderProgress<Delivery<E> | EffectResult, Effect> => ({
          orderId: delivery.event.data.orderId,
          withoutEffects: delivery.withoutEffects === true,
          input: delivery,
          publish: [],
          outbox: [],
        }),
      );
      await known.prepare(
        deliveries.map(({ event }) => ({ orderId: event.data.orderId, isFirst: machine.isFirstEvent(event) })),
      );
      for (let active = orders; active.length > 0; ) {
        await decideAndWrite(machine, store, known, active);
        active = active.filter(({ effect, failure }) => effect !== undefined && failure === undefined);
        await Promise.all(active.map((order) => runEffect(machine, order, fence)));
        active = active.filter(({ failure }) => failure === undefined);
      }
      return publishAndNote(machine, store, known, publish, deliveries, orders, fence);
    };
}

/** Publishes what follows from the decisions on a round's orders, and notes in their outboxes what was accepted. */
async function publishAndNote<R extends OrderRecord, E extends OrderEvent, Effect, EffectResult>(
  { outbox }: StateMachine<R, E, Effect, EffectResult>,
  store: RecordStore<R>,
  known: KnownRecords<R>,
  publish: Publish,
  deliveries: readonly Delivery<E>[],
  orders: readonly OrderProgress<Delivery<E> | EffectResult, Effect>[],
  fence: Fence,
): Promise<HandlerResult[]> {
  const publications = orders.map(({ failure, hasChanged, ...order }): Publication => {
    if (failure) return { failure: failure.reason };
    // An outbox publishes only what is new.
    const isRepeated = !hasChanged && outbox === undefined && order.publish.length > 0;
    return { publish: order.publish, outbox: order.outbox, ...(isRepeated && { repeated: true }) };
  });
  const all = await publishAll(publish, deliveries, publications, fence);
  if (outbox !== undefined) {
    const positions = all.flatMap(({ position }, index) =>
      position === undefined ? [] : [[orders[index]?.orderId ?? '', position] as const],
    );
    for (const [orderId] of positions) known.expire(orderId);
    await notePositions(store, outbox, new Map(positions));
  }
  return all.map(({ result }, index) => {
    const reason = orders[index]?.failsWith;
    return result.error === undefined && reason !== undefined ? { ...result, error: { reason } } : result;
  });
}

/** Decides on each order and writes the results, again for those that lost a race to another writer. */
async function decideAndWrite<R extends OrderRecord, E extends OrderEvent, Effect, EffectResult>(
  machine: StateMachine<R, E, Effect, EffectResult>,
  store: RecordStore<R>,
  known: KnownRecords<R>,
  orders: readonly OrderProgress<Delivery<E> | EffectResult, Effect>[],
): Promise<void> {
  let undecided = orders;
  for (let round = 1; undecided.length > 0; round += 1) {
    const decided = undecided.map((order) => {
      const { orderId } = order;
      return { order, decision: decide(machine, known.get(orderId), known.isUnverified(orderId), order) };
    });
    const writes = decided.flatMap(({ order, decision }) =>
      decision.kind === 'write' ? [{ order, ...decision }] : [],
    );
    const results = await save(store, writes);
    const outcomes = new Map(
      writes.map(({ order }, index) => [order, classify(results[index], order.hasRunEffect === true, round)]),
    );
    const again = decided.filter(
      ({ order, decision }) => apply(known, order, decision, outcomes.get(order)) === 'again',
    );
    undecided = again.map(({ order }) => order);
    if (undecided.length > 0 && round > 1) await wait(Math.random() * MAX_PAUSE_MS * round);
    const outdated = undecided.filter((order) => !hasFound(outcomes.get(order)));
    await known.reload(outdated.map(({ orderId }) => orderId)).catch((error: unknown) => {
      // Until it can be read, the next write is refused because of what it is based on.
      if (!undecided.every(({ hasRunEffect }) => hasRunEffect)) throw error;
    });
  }
}

/** Asks the rules what follows from an order's input; a decision without a write is only taken on a verified record. */
function decide<R extends OrderRecord, E extends OrderEvent, Effect, EffectResult>(
  machine: StateMachine<R, E, Effect, EffectResult>,
  before: R | undefined,
  isUnverified: boolean,
  { input, withoutEffects }: OrderProgress<Delivery<E> | EffectResult, Effect>,
): Decision<R, Effect> {
  try {
    const transition = machine.decide(before, input);
    const skipsEffect = withoutEffects && transition.effect !== undefined;
    if (transition.after !== undefined && !skipsEffect) {
      return { kind: 'write', change: { before, after: transition.after }, transition };
    }
    if (isUnverified) return { kind: 'reload' };
    return skipsEffect ? { kind: 'skip-effect' } : { kind: 'accept', transition };
  } catch (reason) {
    return isUnverified ? { kind: 'reload' } : { kind: 'fail', reason };
  }
}

/** Decides what follows from the result of the `round`-th write of an order. */
function classify<R extends OrderRecord>(
  result: SaveResult<R> | undefined,
  hasRunEffect: boolean,
  round: number,
): WriteOutcome<R> {
  if (result === 'saved') return { kind: 'written' };
  const isLast = round === (hasRunEffect ? MAX_WRITES_AFTER_EFFECT : MAX_WRITES);
  const lostRace = result !== undefined && !(result instanceof Error);
  if (lostRace && isLast) return { kind: 'fail', reason: new BusyError('Others keep writing to this order') };
  if (!lostRace && (isLast || !hasRunEffect)) return { kind: 'fail', reason: result };
  return typeof result === 'object' && 'found' in result ? { kind: 'retry', found: result.found } : { kind: 'retry' };
}

/** Applies a decision and its write's outcome to the order and the known records; the only place that changes either. */
function apply<R extends OrderRecord, Input, Effect>(
  known: KnownRecords<R>,
  order: OrderProgress<Input, Effect>,
  decision: Decision<R, Effect>,
  outcome: WriteOutcome<R> | undefined,
): 'again' | 'decided' {
  if (decision.kind === 'reload') return 'again';
  if (decision.kind === 'skip-effect') {
    // Nothing is recorded either: the record must not tell of an effect that did not happen.
    log.info('replayed without effects: the effect is skipped', { orderId: order.orderId });
    return 'decided';
  }
  if (decision.kind === 'fail') {
    order.failure = { reason: decision.reason };
    return 'decided';
  }
  if (outcome?.kind === 'fail') {
    order.failure = { reason: outcome.reason };
    return 'decided';
  }
  if (outcome?.kind === 'retry') {
    if (outcome.found !== undefined) known.learn(outcome.found);
    return 'again';
  }
  if (decision.kind === 'write') {
    const { before, after } = decision.change;
    known.written({ ...after, version: (before?.version ?? 0) + 1 });
    order.hasChanged = true;
  }
  order.effect = decision.transition.effect;
  order.failsWith = decision.transition.failure ?? order.failsWith;
  order.publish.push(...(decision.transition.publish ?? []));
  order.outbox.push(...(decision.transition.outbox ?? []));
  return 'decided';
}

const hasFound = <R>(outcome: WriteOutcome<R> | undefined): boolean =>
  outcome?.kind === 'retry' && outcome.found !== undefined;

/** Writes changes; after effects, a call that fails as a whole counts against each write, which is then retried. */
async function save<R extends OrderRecord, Input, Effect>(
  store: RecordStore<R>,
  writes: readonly { change: RecordChange<R>; order: OrderProgress<Input, Effect> }[],
): Promise<SaveResult<R>[]> {
  if (writes.length === 0) return [];
  try {
    return await store.save(writes.map(({ change }) => change));
  } catch (error) {
    if (!writes.every(({ order }) => order.hasRunEffect)) throw error;
    return writes.map(() => (error instanceof Error ? error : new Error(String(error))));
  }
}

async function runEffect<R extends OrderRecord, E extends OrderEvent, Effect, EffectResult>(
  machine: StateMachine<R, E, Effect, EffectResult>,
  order: OrderProgress<Delivery<E> | EffectResult, Effect>,
  fence: Fence,
): Promise<void> {
  if (order.effect === undefined || machine.runEffect === undefined) return;
  try {
    fence.check();
    order.input = await machine.runEffect(order.effect, fence);
    order.hasRunEffect = true;
  } catch (reason) {
    order.failure = { reason };
  }
}
