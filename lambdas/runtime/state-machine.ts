import { setTimeout as wait } from 'node:timers/promises';
import type { CloudEvent } from '../../contracts/cloud-event.ts';
import type { BatchHandler, Delivery, HandlerResult, OrderEvent } from './delivery.ts';
import { BusyError } from './failure.ts';
import { log } from './log.ts';
import type { OrderRecord, RecordChange, RecordStore, SaveResult } from './records.ts';

/**
 * What a rule decides: the record as it shall be (absent: it stays), the effect to carry out once that is written, and the
 * events to publish in the end.
 */
export type Transition<R, Effect> = { after?: R; effect?: Effect; publish?: readonly CloudEvent[] };

/**
 * A consumer's rules and its effects. `next` is pure: it takes the order's record and either a delivery or the outcome of
 * an effect. `perform` carries out an effect and must be safe to carry out again after a crash.
 */
export type StateMachine<R extends OrderRecord, E extends OrderEvent, Effect, EffectResult> = {
  next(record: R | undefined, input: Delivery<E> | EffectResult): Transition<R, Effect>;
  perform?(effect: Effect): Promise<EffectResult>;
  /** True for events that usually are an order's first: they are tried without reading a record first. */
  isFirstEvent(event: E): boolean;
  /** Set where publishing changes the record, so that the next wave has to read again what was published of. */
  usesOutbox?: true;
};

type Progress<Input, Effect> = {
  orderId: string;
  input: Input;
  withoutEffects: boolean;
  effect?: Effect | undefined;
  publish: CloudEvent[];
  failure?: { reason: unknown };
  /** An effect was carried out, so its outcome had better be written, whatever it takes. */
  performed?: boolean;
  /** The record was changed, so what is published of it is new. */
  changed?: boolean;
};

// A writer that loses this often is among dozens on one order; its message had better wait its turn in the queue.
const ROUNDS = 6;
// What was done and cannot be written down is done again by whoever comes next, so its writer insists, for some seconds.
const ROUNDS_AFTER_EFFECT = 20;
const LONGEST_PAUSE_MS = 40;
// Some megabytes at most; an order's next event usually follows within seconds.
const REMEMBERED = 1_000;

/**
 * Takes a state machine and the table of its records and gives a handler for whole waves: one read and one write for all
 * orders of a wave, their effects side by side, one write for all outcomes. A record that this process wrote is remembered, and
 * believed for as long as a write follows from it, for the table refuses that where it is out of date; any other decision is
 * taken from the table.
 */
export function stateMachine<R extends OrderRecord, E extends OrderEvent, Effect, EffectResult>(
  machine: StateMachine<R, E, Effect, EffectResult>,
  records: RecordStore<R>,
): BatchHandler<E> {
  type Input = Delivery<E> | EffectResult;

  const memories = new WeakMap<object, { known: Map<string, R | undefined>; unverified: Set<string> }>();
  const recordCache = new Map<string, R>();

  function remember(record: R): void {
    // Publishing changes these behind our back.
    if (machine.usesOutbox) return;
    recordCache.delete(record.orderId);
    recordCache.set(record.orderId, record);
    const [oldest] = recordCache.keys();
    if (recordCache.size > REMEMBERED && oldest !== undefined) recordCache.delete(oldest);
  }

  return async (deliveries, batch = {}) => {
    const orders: Progress<Input, Effect>[] = deliveries.map((delivery) => ({
      orderId: delivery.event.data.orderId,
      input: delivery,
      withoutEffects: delivery.withoutEffects === true,
      publish: [],
    }));
    // A record that somebody else has changed meanwhile makes the write a conflict, and is read again then.
    const memory = memories.get(batch) ?? { known: new Map<string, R | undefined>(), unverified: new Set<string>() };
    memories.set(batch, memory);
    const { known, unverified } = memory;
    const unread = deliveries.filter(({ event }) => {
      const { orderId } = event.data;
      if (known.has(orderId)) return known.get(orderId) === undefined;
      if (machine.isFirstEvent(event)) return false;
      const record = recordCache.get(orderId);
      if (record === undefined) return true;
      known.set(orderId, record);
      unverified.add(orderId);
      return false;
    });
    await read(unread.map(({ event }) => event.data.orderId));

    for (let active = orders; active.length > 0; ) {
      await advance(active);
      active = active.filter(({ effect, failure }) => effect !== undefined && failure === undefined);
      await Promise.all(active.map(perform));
      active = active.filter(({ failure }) => failure === undefined);
    }
    for (const { orderId, publish } of orders) {
      if (machine.usesOutbox && publish.length > 0) known.set(orderId, undefined);
    }
    return orders.map(({ publish, failure, changed }): HandlerResult => {
      if (failure) return { failure: failure.reason };
      // Where publishing is noted in the record, only what is new is published.
      const isNew = changed || publish.length === 0 || machine.usesOutbox;
      return isNew ? { publish } : { publish, repeated: true };
    });

    async function read(orderIds: readonly string[]): Promise<void> {
      if (orderIds.length === 0) return;
      for (const orderId of orderIds) {
        if (unverified.delete(orderId)) known.delete(orderId);
      }
      for (const [orderId, record] of await records.load(orderIds)) known.set(orderId, record);
    }

    async function perform(order: Progress<Input, Effect>): Promise<void> {
      if (order.effect === undefined || machine.perform === undefined) return;
      try {
        order.input = await machine.perform(order.effect);
        order.performed = true;
      } catch (error) {
        order.failure = { reason: error };
      }
    }

    /** Writes; where effects were carried out, a call that fails as a whole counts against each write, which is tried again. */
    async function save(
      writes: readonly (RecordChange<R> & { order: Progress<Input, Effect> })[],
    ): Promise<SaveResult<R>[]> {
      if (writes.length === 0) return [];
      try {
        return await records.save(writes);
      } catch (error) {
        if (!writes.every(({ order }) => order.performed)) throw error;
        return writes.map(() => (error instanceof Error ? error : new Error(String(error))));
      }
    }

    /** Applies the rule and writes the result, deciding anew for those who lost a race. */
    async function advance(active: Progress<Input, Effect>[]): Promise<void> {
      let undecided = active;
      for (let round = 1; undecided.length > 0; round += 1) {
        const writes: {
          order: Progress<Input, Effect>;
          step: Transition<R, Effect>;
          before: R | undefined;
          after: R;
        }[] = [];
        const stale: Progress<Input, Effect>[] = [];
        for (const order of undecided) {
          const before = known.get(order.orderId);
          try {
            const step = machine.next(before, order.input);
            const isHeld = step.effect !== undefined && order.withoutEffects;
            if (unverified.has(order.orderId) && (isHeld || step.after === undefined)) stale.push(order);
            else if (isHeld) skipEffect(order);
            else if (step.after === undefined) acceptTransition(order, step);
            else writes.push({ order, step, before, after: step.after });
          } catch (error) {
            if (unverified.has(order.orderId)) stale.push(order);
            else order.failure = { reason: error };
          }
        }
        const fates = await save(writes);
        undecided = stale;
        const unread = stale.map(({ orderId }) => orderId);
        writes.forEach(({ order, step, before, after }, index) => {
          const fate = fates[index];
          if (fate === 'saved') {
            const written = { ...after, version: (before?.version ?? 0) + 1 };
            known.set(order.orderId, written);
            unverified.delete(order.orderId);
            remember(written);
            order.changed = true;
            acceptTransition(order, step);
            return;
          }
          const found = fate instanceof Error || fate === undefined || fate === 'conflict' ? undefined : fate.found;
          const lost = found !== undefined || fate === 'conflict';
          const rounds = order.performed ? ROUNDS_AFTER_EFFECT : ROUNDS;
          if (!lost && !(order.performed && round < rounds)) order.failure = { reason: fate };
          else if (round === rounds) order.failure = { reason: new BusyError('Others keep writing to this order') };
          else {
            undecided.push(order);
            if (found === undefined) unread.push(order.orderId);
            else known.set(order.orderId, found);
          }
        });
        if (undecided.length > 0 && round > 1) await wait(Math.random() * LONGEST_PAUSE_MS * round);
        await read(unread).catch((error: unknown) => {
          // Until it can be read, the next try is refused for what it is based on.
          if (!undecided.every(({ performed }) => performed)) throw error;
        });
      }
    }
  };
}

/** Leaves an effect undone, and unrecorded too, for a record must not speak of what did not happen. */
function skipEffect({ orderId }: { orderId: string }): void {
  log.info('replayed without effects: what this calls for is left undone', { orderId });
}

function acceptTransition<R, Input, Effect>(order: Progress<Input, Effect>, step: Transition<R, Effect>): void {
  order.effect = step.effect;
  order.publish.push(...(step.publish ?? []));
}
