import type { CloudEvent } from '../../contracts/cloud-event.ts';
import { orderProgressed } from '../../contracts/lifecycle.ts';
import { orderShipped } from '../../contracts/order.ts';
import { positionAfter } from '../../lambdas/runtime/outbox.ts';
import { checkOrder, checkStock } from './invariants.ts';
import type { Observer } from './observer.ts';
import { type Id, Pool, remembering } from './pool.ts';
import type { Shop } from './shop.ts';
import { type Budget, type Consumer, type Message, type State, withIds } from './state.ts';

/** One thing that may happen next. `isLoss`: a message is lost; where nothing else may happen, all are at rest. */
export type Move = { label: string; state: State; isLoss?: true };

/** What an invocation begins with that runs an effect. */
export type Beginning = { message: Id; effect: Id; publish: Id; failure: string | undefined };

const BUDGETS: readonly (keyof Budget)[] = ['faults', 'lapses', 'sweeps', 'restores', 'replays'];

/** The parts that moves are made of; each returns a new state, and throws `Violation` where it must not come about. */
export class Transitions {
  readonly shop: Shop;
  readonly observer: Observer;
  private readonly failures = new Pool<string | undefined>();
  private readonly tasks = new Pool<{ effect: Id; publish: Id; failure?: string }>();

  constructor(shop: Shop, observer: Observer) {
    this.shop = shop;
    this.observer = observer;
  }

  /** Writes a consumer's record, and checks what changed. */
  write(state: State, consumer: Consumer, record: Id): State {
    const before = state[consumer];
    if (before === record) return state;
    const { shop } = this;
    const seen = shop.observations.get(state.seen);
    if (consumer === 'order') checkOrder(shop.orders.get(before), shop.orders.get(record), seen);
    if (consumer === 'stock') checkStock(shop.stocks.get(before), shop.stocks.get(record));
    const { restore } = shop.scenario;
    const isKept = restore?.table === consumer && this.budgetOf(state).restores > 0;
    return {
      ...state,
      [consumer]: record,
      ...(isKept && { seen: this.observer.snapshot(state.seen, before) }),
    };
  }

  /** Publishes events; after the first confirmation come the inputs that wait for it. */
  publish(state: State, publication: Id): State {
    if (publication === this.shop.nothing) return state;
    const seen = this.observer.publication(state.seen, publication);
    const messages = withIds(state.messages, this.shop.routeAll(publication));
    const after = { ...state, seen, messages };
    const inputs = this.inputsAfterConfirmation(state.inputs);
    if (inputs === undefined || !this.shop.observations.get(seen).wasConfirmed) return after;
    return this.publish({ ...after, inputs: inputs.left }, inputs.published);
  }

  private readonly inputsAfterConfirmation = remembering((id: Id) => {
    const { afterConfirmation, late } = this.shop.inputs.get(id);
    if (afterConfirmation.length === 0) return undefined;
    const left = this.shop.inputs.idOf({ afterConfirmation: [], late });
    return { left, published: this.shop.publicationOf(afterConfirmation) };
  });

  withMessage(state: State, message: Id): State {
    return { ...state, messages: withIds(state.messages, [message]) };
  }

  note(state: State, position: number): State {
    return position === 0 ? state : { ...state, order: this.shop.noted(state.order, position) };
  }

  /** Returns how far an order's outbox is published with a publication; 0 for one that is of no outbox. */
  readonly positionOf = remembering((publication: Id) =>
    this.positionWith(publication, this.shop.eventsOf(publication)),
  );

  private positionWith(publication: Id, accepted: readonly CloudEvent[]): number {
    return positionAfter(this.shop.publications.get(publication), new Set(accepted.map(({ id }) => id))) ?? 0;
  }

  /** Splits a publication into what the feed accepts and what the bus accepts; nothing where there is only one of them. */
  readonly partsOf = remembering((publication: Id) => {
    const events = this.shop.eventsOf(publication);
    const steps = events.filter(({ type }) => type === orderProgressed.type);
    const others = events.filter(({ type }) => type !== orderProgressed.type);
    if (steps.length === 0 || others.length === 0) return [];
    return [
      { channel: 'feed', events: steps },
      { channel: 'bus', events: others },
    ].map(({ channel, events }) => ({
      channel,
      accepted: this.shop.publicationOf(events),
      position: this.positionWith(publication, events),
    }));
  });

  /** Takes a message for good, or dead-letters it although all that follows from it is done. */
  end(state: State, message: Id, failure: string | undefined): State {
    const { type } = this.shop.messages.get(message).event;
    // Goods that left although they must not are the alarm's.
    const after = failure !== undefined && type === orderShipped.type ? state : this.take(state, message);
    return failure === undefined ? after : this.deadLetter(after, this.shop.messages.get(message), failure);
  }

  private take(state: State, message: Id): State {
    const seen = this.observer.taken(state.seen, message);
    return seen === state.seen ? state : { ...state, seen };
  }

  deadLetter(state: State, { consumer, event }: Message, reason: string): State {
    return { ...state, seen: this.observer.deadLetter(state.seen, `${consumer} <- ${event.type}: ${reason}`) };
  }

  begin(state: State, { message, effect, publish, failure }: Beginning): State {
    // The provider remembers an idempotency key for as long as invocations overlap; those that come later it may not know any more.
    const overlapping = state.workers.find((worker) => this.shop.workers.get(worker).consumer === 'payment');
    const began = overlapping === undefined ? state.gateway : this.shop.workers.get(overlapping).began;
    return {
      ...state,
      workers: withIds(state.workers, [
        this.newWorker(message, began, this.taskOf(effect, publish, this.failures.idOf(failure))),
      ]),
    };
  }

  private readonly taskOf = remembering((effect: Id, publish: Id, failureId: Id) => {
    const failure = this.failures.get(failureId);
    return this.tasks.idOf({ effect, publish, ...(failure !== undefined && { failure }) });
  });

  private readonly newWorker = remembering((message: Id, book: Id, task: Id) => {
    const { effect: effectId, ...end } = this.tasks.get(task);
    const effect = this.shop.effects.get(effectId);
    const began = { message, began: book, ...end };
    return this.shop.workers.idOf(
      'template' in effect
        ? { ...began, consumer: 'notification', effect }
        : { ...began, consumer: 'payment', effect, answers: [] },
    );
  });

  budgetOf({ budget }: State): Budget {
    return this.shop.budgets.get(budget);
  }

  spend(state: State, what: keyof Budget): State {
    return { ...state, budget: this.spent(state.budget, BUDGETS.indexOf(what)) };
  }

  private readonly spent = remembering((id: Id, index: number) => {
    const budget = this.shop.budgets.get(id);
    const what = BUDGETS[index] ?? 'faults';
    return this.shop.budgets.idOf({ ...budget, [what]: budget[what] - 1 });
  });
}
