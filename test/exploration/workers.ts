import type { OutgoingText } from '../../lambdas/notification/rules.ts';
import { checkBook } from './invariants.ts';
import { type NextCall, paymentCalls } from './payment-calls.ts';
import { type Id, remembering } from './pool.ts';
import type { Reaction } from './shop.ts';
import { type State, type Worker, withIds, withoutId } from './state.ts';
import type { Move, Transitions } from './transitions.ts';

/** Finds what invocations may do next that have begun an effect: make a call, note its result, die or hang. */
export class Workers {
  private readonly transitions: Transitions;
  private readonly nextCall: (worker: Id) => NextCall;
  private moves: Move[] = [];

  constructor(transitions: Transitions) {
    this.transitions = transitions;
    this.nextCall = paymentCalls(transitions.shop);
  }

  /** Returns all ways in which one invocation may go on. Throws `Pending` where an effect has to be awaited first. */
  of(state: State): Move[] {
    this.moves = [];
    for (const worker of new Set(state.workers)) this.work(state, worker);
    return this.moves;
  }

  private add(label: string, state: State): void {
    this.moves.push({ label, state });
  }

  private work(state: State, id: Id): void {
    const worker = this.transitions.shop.workers.get(id);
    const left = { ...state, workers: withoutId(state.workers, id) };
    const isFaulty = this.transitions.budgetOf(state).faults > 0 && !worker.isGone;
    const isRetried = (after: State): State => ({
      ...this.transitions.spend(after, 'faults'),
      messages: withIds(after.messages, [worker.message]),
    });
    if (isFaulty) this.add(`${worker.consumer} DIES`, isRetried(left));
    if (worker.consumer === 'notification') {
      this.sendText(state, left, id, worker, isFaulty);
      return;
    }
    const next = this.nextCall(id);
    if ('failure' in next) {
      this.add(`payment: ${next.failure}`, { ...left, messages: withIds(left.messages, [worker.message]) });
      return;
    }
    if ('result' in next) {
      this.noteResult(left, worker, next.result, isFaulty ? isRetried : undefined);
      return;
    }
    for (const { label, book, worker: going } of this.callsOf(state.gateway, id)) {
      checkBook(
        this.transitions.shop.books.get(state.gateway),
        this.transitions.shop.books.get(book),
        this.transitions.shop.observations.get(state.seen),
        this.transitions.shop.orders.get(state.order),
      );
      const workers = going === undefined ? left.workers : withIds(left.workers, [going]);
      this.add(label, { ...left, gateway: book, workers });
    }
    if (isFaulty && next.call.name !== 'find')
      this.add(
        `payment HANGS in ${next.call.name}`,
        isRetried({ ...left, workers: withIds(left.workers, [this.goneWorker(id)]) }),
      );
  }

  /** Returns how the gateway may handle the next call of a payment's worker, and the worker with its answer; a gone one ends. */
  private readonly callsOf = remembering((bookId: Id, id: Id) => {
    const { books, rules, scenario, workers } = this.transitions.shop;
    const worker = workers.get(id);
    const next = this.nextCall(id);
    if (!('call' in next) || worker.consumer !== 'payment') throw new Error('The worker makes no call');
    const answers = rules.gateway(books.get(bookId), next.call, books.get(worker.began), scenario.gateway ?? {});
    return answers.map(({ book, answer }) => ({
      book: books.idOf(book),
      label: `gateway: ${next.call.name}${worker.isGone ? ', late,' : ''} -> ${JSON.stringify(answer)}`,
      worker: worker.isGone ? undefined : workers.idOf({ ...worker, answers: [...worker.answers, answer] }),
    }));
  });

  private readonly goneWorker = remembering((id: Id) =>
    this.transitions.shop.workers.idOf({ ...this.transitions.shop.workers.get(id), isGone: true }),
  );

  private noteResult(left: State, worker: Worker, result: Id, isRetried: ((after: State) => State) | undefined): void {
    const message = this.transitions.shop.messages.get(worker.message);
    const reaction = this.transitions.shop.onPaymentResult(left.payment, result);
    if (reaction.kind === 'waits') {
      this.add('payment waits', { ...left, messages: withIds(left.messages, [worker.message]) });
      return;
    }
    if (reaction.kind === 'dead-lettered') {
      this.add(`payment DEAD: ${reaction.reason}`, this.transitions.deadLetter(left, message, reaction.reason));
      return;
    }
    const written = this.transitions.write(left, 'payment', reaction.record);
    const publish = this.transitions.shop.joined(worker.publish, reaction.publish);
    const failure = reaction.failure ?? worker.failure;
    const label = `payment notes the result of ${worker.consumer === 'payment' ? worker.effect.kind : 'a text'}`;
    if (reaction.effect !== undefined) {
      this.add(
        label,
        this.transitions.begin(written, { message: worker.message, effect: reaction.effect, publish, failure }),
      );
      return;
    }
    const published = this.transitions.publish(written, publish);
    this.add(
      failure === undefined ? label : `${label} DEAD: ${failure}`,
      this.transitions.end(published, worker.message, failure),
    );
    if (isRetried !== undefined && publish !== this.transitions.shop.nothing)
      this.add(`${label} CRASH before publishing`, isRetried(written));
  }

  /** Sends a text and notes it; that it is sent again after a crash in between is tolerated (docs/guarantees.md), so it is left out. */
  private sendText(
    state: State,
    left: State,
    id: Id,
    { message, publish, effect: text }: Extract<Worker, { consumer: 'notification' }>,
    isFaulty: boolean,
  ): void {
    const seen = this.transitions.observer.text(state.seen, text);
    for (const isUnanswered of isFaulty ? [false, true] : [false]) {
      const reaction = this.onTextSent(left.notification, id, isUnanswered);
      const label = `text ${text.template} to ${text.phone}${isUnanswered ? ' UNANSWERED' : ''}`;
      if (reaction.kind !== 'done') {
        this.add(`${label}: ${reaction.kind}`, { ...left, seen, messages: withIds(left.messages, [message]) });
        continue;
      }
      const sent = this.transitions.publish(
        this.transitions.write({ ...left, seen }, 'notification', reaction.record),
        this.transitions.shop.joined(publish, reaction.publish),
      );
      this.add(label, isUnanswered ? this.transitions.spend(sent, 'faults') : sent);
    }
  }

  private onTextSent(notification: Id, worker: Id, isUnanswered: boolean): Reaction {
    return this.transitions.shop.onTextSent(notification, isUnanswered ? this.unanswered(worker) : this.sent(worker));
  }

  private readonly sent = remembering((worker: Id) =>
    this.transitions.shop.results.idOf({ text: this.textOf(worker) }),
  );
  private readonly unanswered = remembering((worker: Id) =>
    this.transitions.shop.results.idOf({ text: this.textOf(worker), unknownOutcome: true }),
  );

  private textOf(id: Id): OutgoingText {
    const worker = this.transitions.shop.workers.get(id);
    if (worker.consumer !== 'notification') throw new Error('Only notification sends texts');
    return worker.effect;
  }
}
