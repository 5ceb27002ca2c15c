import type { CloudEvent } from '../../contracts/cloud-event.ts';
import type { OutgoingText } from '../../lambdas/notification/rules.ts';
import type { PaymentEffect } from '../../lambdas/payment/effects.ts';
import type { Shipment } from '../../lambdas/shipping/rules.ts';
import type { Id } from './pool.ts';

export type Consumer = 'order' | 'payment' | 'stock' | 'notification';

/** A message in a consumer's queue. `replayed`: without effects. */
export type Message = { consumer: Consumer; event: CloudEvent; replayed?: true };

/**
 * An invocation between its first write and its last: the effect it runs, and what the gateway has answered it. `began`: the gateway's
 * book when it started, or when the oldest invocation did that overlaps it. `isGone`: it was given up, and only the call that it is about to make still takes effect.
 * `publish`, `failure`: what it publishes and fails with in the end.
 */
export type Worker = { message: Id; began: Id; isGone?: true; publish: Id; failure?: string } & (
  | { consumer: 'payment'; effect: PaymentEffect; answers: readonly unknown[] }
  | { consumer: 'notification'; effect: OutgoingText }
);

/** What may still go wrong, and how often. */
export type Budget = { faults: number; lapses: number; sweeps: number; restores: number; replays: number };

/** Events that services publish: some once a confirmation is on the bus, some at any time or never. */
export type Inputs = { afterConfirmation: readonly CloudEvent[]; late: readonly CloudEvent[] };

/** What an observer remembers of the past; no rule reads it. */
export type Seen = {
  wasConfirmed?: true;
  /** The steps of the lifecycle feed, in sequence. */
  feed: readonly { step: string; status?: string | undefined }[];
  /** What shipping made of them. Its feed is in sequence and loses nothing. */
  shipment?: Shipment | undefined;
  dead: readonly string[];
  /** The goods of the confirmed order left, and `order` has it on record. */
  hasLeft?: true;
  /** What services asked for that a consumer has taken, and the answers, each under what it answers. */
  asked: readonly string[];
  answered: Readonly<Record<string, string>>;
  texts: readonly { template: string; phone: string }[];
  /** The numbers of the archived events, and of the former records of the table that is put back. */
  archive: readonly Id[];
  snapshots: readonly Id[];
  wasRestored?: true;
};

/** A situation of the whole shop, for one order. Each number is of the pool of its name. */
export type State = {
  order: Id;
  payment: Id;
  stock: Id;
  notification: Id;
  gateway: Id;
  budget: Id;
  inputs: Id;
  seen: Id;
  /** Sorted. */
  messages: readonly Id[];
  /** Sorted. */
  workers: readonly Id[];
};

/** How many values a UTF-16 code unit has. */
const UNITS = 0x10000;

/** Returns the same text for equal states. */
export const keyOf = (state: State): string =>
  String.fromCharCode(
    state.order,
    state.payment,
    state.stock,
    state.notification,
    state.gateway,
    state.budget,
    state.inputs,
    Math.floor(state.seen / UNITS),
    state.seen % UNITS,
    state.messages.length,
    ...state.messages,
    ...state.workers,
  );

/** Returns the state of a key. */
export function stateOf(key: string): State {
  const code = (index: number) => key.charCodeAt(index);
  const ids = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => code(from + index));
  const firstWorker = 10 + code(9);
  return {
    order: code(0),
    payment: code(1),
    stock: code(2),
    notification: code(3),
    gateway: code(4),
    budget: code(5),
    inputs: code(6),
    seen: code(7) * UNITS + code(8),
    messages: ids(10, firstWorker),
    workers: ids(firstWorker, key.length),
  };
}

/** Adds numbers to a sorted list. */
export const withIds = (ids: readonly Id[], added: readonly Id[]): readonly Id[] =>
  added.length === 0 ? ids : [...ids, ...added].sort((one, other) => one - other);

/** Removes one occurrence of a number. */
export function withoutId(ids: readonly Id[], id: Id): readonly Id[] {
  const index = ids.indexOf(id);
  return ids.toSpliced(index, 1);
}
