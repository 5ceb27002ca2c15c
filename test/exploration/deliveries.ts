import { checkReplay, checkText } from './invariants.ts';
import { type Id, remembering } from './pool.ts';
import type { Reaction } from './shop.ts';
import { type Consumer, type Message, type State, withIds, withoutId } from './state.ts';
import type { Move, Transitions } from './transitions.ts';

const SWEEP_SOURCE = '/shop/sweep';

/** Finds what may happen to messages. */
export class Deliveries {
  private readonly transitions: Transitions;
  private moves: Move[] = [];

  constructor(transitions: Transitions) {
    this.transitions = transitions;
  }

  /** Returns all ways in which one message may be delivered next, or lost. */
  of(state: State): Move[] {
    this.moves = [];
    for (const message of new Set(state.messages)) this.deliver(state, message);
    return this.moves;
  }

  private add(label: string, state: State): void {
    this.moves.push({ label, state });
  }

  private deliver(state: State, id: Id): void {
    const message = this.transitions.shop.messages.get(id);
    const label = this.labelOf(id);
    const gone = { ...state, messages: withoutId(state.messages, id) };
    const isFaulty = this.transitions.budgetOf(state).faults > 0;
    if (isFaulty && !this.transitions.shop.scenario.withoutLoss && message.event.source !== SWEEP_SOURCE)
      this.moves.push({ label: `${label} LOST`, state: this.transitions.spend(gone, 'faults'), isLoss: true });
    const reaction = this.reactionOf(state, id, message.consumer);
    if (reaction.kind === 'waits') return;
    if (reaction.kind === 'dead-lettered') {
      this.add(`${label} DEAD: ${reaction.reason}`, this.transitions.deadLetter(gone, message, reaction.reason));
      return;
    }
    const kept = (after: State): State => ({
      ...this.transitions.spend(after, 'faults'),
      messages: withIds(after.messages, [id]),
    });
    const written = this.transitions.write(gone, message.consumer, reaction.record);
    if (message.replayed)
      checkReplay(this.transitions.shop.orders.get(gone.order), this.transitions.shop.orders.get(written.order));
    if (reaction.effect !== undefined) {
      this.checkEffect(state, reaction.effect);
      const begun = this.transitions.begin(written, {
        message: id,
        effect: reaction.effect,
        publish: reaction.publish,
        failure: reaction.failure,
      });
      this.add(label, begun);
      if (isFaulty) this.add(`${label} DUP`, kept(begun));
      return;
    }
    const published = this.transitions.publish(written, reaction.publish);
    const noted = this.transitions.note(published, this.transitions.positionOf(reaction.publish));
    const done = this.transitions.end(noted, id, reaction.failure);
    this.add(reaction.failure === undefined ? label : `${label} DEAD: ${reaction.failure}`, done);
    if (!isFaulty) return;
    this.add(`${label} DUP`, kept(done));
    if (reaction.publish === this.transitions.shop.nothing) return;
    this.add(`${label} CRASH before publishing`, kept(written));
    if (message.consumer !== 'order') return;
    this.add(`${label} CRASH before noting`, kept(published));
    for (const { channel, accepted, position } of this.transitions.partsOf(reaction.publish))
      this.add(
        `${label} only the ${channel} TAKES it`,
        kept(this.transitions.note(this.transitions.publish(written, accepted), position)),
      );
  }

  private checkEffect({ notification }: State, id: Id): void {
    const effect = this.transitions.shop.effects.get(id);
    if ('template' in effect) checkText(this.transitions.shop.notifications.get(notification), effect);
  }

  private reactionOf(state: State, message: Id, consumer: Consumer): Reaction {
    const { shop } = this.transitions;
    switch (consumer) {
      case 'order':
        return shop.onOrder(state.order, message);
      case 'payment':
        return shop.onPayment(state.payment, message);
      case 'stock':
        return shop.onStock(state.stock, message);
      case 'notification': {
        // Without an invocation that sends, the lease it may have left is over some time.
        const isBeingSent = state.workers.some((worker) => shop.workers.get(worker).consumer === 'notification');
        return shop.onNotification(isBeingSent ? state.notification : shop.leasesOver(state.notification), message);
      }
    }
  }

  private readonly labelOf = remembering((id: Id) => labelOf(this.transitions.shop.messages.get(id)));
}

/** Names a message in a trace, by what tells it from others of its type. */
function labelOf({ consumer, event, replayed }: Message): string {
  const { orderId: _, customer: __, payment: ___, ...facts } = event.data as Record<string, unknown>;
  const details = Object.keys(facts).length === 0 ? '' : ` ${JSON.stringify(facts)}`;
  return `${consumer} <- ${event.type.replace(/^shop\.|\.v1$/g, '')}${details}${replayed ? ' (replayed)' : ''}`;
}
