import { setTimeout as wait } from 'node:timers/promises';
import type { CloudEvent } from '../../contracts/cloud-event.ts';
import type { Delivery, Handle, OrderEvent, Result } from './delivery.ts';
import { BusyError } from './failure.ts';
import { log } from './log.ts';
import type { Change, OrderRecord, Records, Saved } from './records.ts';

/**
 * What a rule decides: the record as it shall be (absent: it stays), the effect to carry out once that is written, and the
 * events to publish in the end.
 */
export type Step<R, Action> = { after?: R; action?: Action; publish?: readonly CloudEvent[] };

/**
 * A consumer's rules and its effects. `next` is pure: it takes the order's record and either a delivery or the outcome of
 * an effect. `perform` carries out an effect and must be safe to carry out again after a crash.
 */
export type StateMachine<R extends OrderRecord, E extends OrderEvent, Action, Outcome> = {
  next(record: R | undefined, input: Delivery<E> | Outcome): Step<R, Action>;
  perform?(action: Action): Promise<Outcome>;
  /** True for events that usually are an order's first: they are tried without reading a record first. */
  usuallyFirst(event: E): boolean;
  /** Set where publishing changes the record, so that the next wave has to read again what was published of. */
  publishingChangesRecord?: true;
};

type Progress<Input, Action> = {
  orderId: string;
  input: Input;
  withoutEffects: boolean;
  action?: Action | undefined;
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
export function stateMachine<R extends OrderRecord, E extends OrderEvent, Action, Outcome>(
  machine: StateMachine<R, E, Action, Outcome>,
  records: Records<R>,
): Handle<E> {
  type Input = Delivery<E> | Outcome;

  const memories = new WeakMap<object, { known: Map<string, R | undefined>; believed: Set<string> }>();
  const remembered = new Map<string, R>();

  function remember(record: R): void {
    // Publishing changes these behind our back.
    if (machine.publishingChangesRecord) return;
    remembered.delete(record.orderId);
    remembered.set(record.orderId, record);
    const [oldest] = remembered.keys();
    if (remembered.size > REMEMBERED && oldest !== undefined) remembered.delete(oldest);
  }

  return async (deliveries, batch = {}) => {
    const orders: Progress<Input, Action>[] = deliveries.map((delivery) => ({
      orderId: delivery.event.data.orderId,
      input: delivery,
      withoutEffects: delivery.withoutEffects === true,
      publish: [],
    }));
    // A record that somebody else has changed meanwhile makes the write a conflict, and is read again then.
    const memory = memories.get(batch) ?? { known: new Map<string, R | undefined>(), believed: new Set<string>() };
    memories.set(batch, memory);
    const { known, believed } = memory;
    const unread = deliveries.filter(({ event }) => {
      const { orderId } = event.data;
      if (known.has(orderId)) return known.get(orderId) === undefined;
      if (machine.usuallyFirst(event)) return false;
      const record = remembered.get(orderId);
      if (record === undefined) return true;
      known.set(orderId, record);
      believed.add(orderId);
      return false;
    });
    await read(unread.map(({ event }) => event.data.orderId));

    for (let active = orders; active.length > 0; ) {
      await advance(active);
      active = active.filter(({ action, failure }) => action !== undefined && failure === undefined);
      await Promise.all(active.map(perform));
      active = active.filter(({ failure }) => failure === undefined);
    }
    for (const { orderId, publish } of orders) {
      if (machine.publishingChangesRecord && publish.length > 0) known.set(orderId, undefined);
    }
    return orders.map(({ publish, failure, changed }): Result => {
      if (failure) return { failure: failure.reason };
      // Where publishing is noted in the record, only what is new is published.
      const isNew = changed || publish.length === 0 || machine.publishingChangesRecord;
      return isNew ? { publish } : { publish, repeated: true };
    });

    async function read(orderIds: readonly string[]): Promise<void> {
      if (orderIds.length === 0) return;
      for (const orderId of orderIds) {
        if (believed.delete(orderId)) known.delete(orderId);
      }
      for (const [orderId, record] of await records.load(orderIds)) known.set(orderId, record);
    }

    async function perform(order: Progress<Input, Action>): Promise<void> {
      if (order.action === undefined || machine.perform === undefined) return;
      try {
        order.input = await machine.perform(order.action);
        order.performed = true;
      } catch (error) {
        order.failure = { reason: error };
      }
    }

    /** Writes; where effects were carried out, a call that fails as a whole counts against each write, which is tried again. */
    async function save(writes: readonly (Change<R> & { order: Progress<Input, Action> })[]): Promise<Saved<R>[]> {
      if (writes.length === 0) return [];
      try {
        return await records.save(writes);
      } catch (error) {
        if (!writes.every(({ order }) => order.performed)) throw error;
        return writes.map(() => (error instanceof Error ? error : new Error(String(error))));
      }
    }

    /** Applies the rule and writes the result, deciding anew for those who lost a race. */
    async function advance(active: Progress<Input, Action>[]): Promise<void> {
      let undecided = active;
      for (let round = 1; undecided.length > 0; round += 1) {
        const writes: { order: Progress<Input, Action>; step: Step<R, Action>; before: R | undefined; after: R }[] = [];
        const doubted: Progress<Input, Action>[] = [];
        for (const order of undecided) {
          const before = known.get(order.orderId);
          try {
            const step = machine.next(before, order.input);
            const isHeld = step.action !== undefined && order.withoutEffects;
            if (believed.has(order.orderId) && (isHeld || step.after === undefined)) doubted.push(order);
            else if (isHeld) withhold(order);
            else if (step.after === undefined) take(order, step);
            else writes.push({ order, step, before, after: step.after });
          } catch (error) {
            if (believed.has(order.orderId)) doubted.push(order);
            else order.failure = { reason: error };
          }
        }
        const fates = await save(writes);
        undecided = doubted;
        const unread = doubted.map(({ orderId }) => orderId);
        writes.forEach(({ order, step, before, after }, index) => {
          const fate = fates[index];
          if (fate === 'saved') {
            const written = { ...after, version: (before?.version ?? 0) + 1 };
            known.set(order.orderId, written);
            believed.delete(order.orderId);
            remember(written);
            order.changed = true;
            take(order, step);
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
function withhold({ orderId }: { orderId: string }): void {
  log.info('replayed without effects: what this calls for is left undone', { orderId });
}

function take<R, Input, Action>(order: Progress<Input, Action>, step: Step<R, Action>): void {
  order.action = step.action;
  order.publish.push(...(step.publish ?? []));
}
