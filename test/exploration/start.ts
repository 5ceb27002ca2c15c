import { EMPTY_BOOK } from './gateway-model.ts';
import { EMPTY, STOCKED, shelvesFor } from './shelves.ts';
import type { State } from './state.ts';
import type { Transitions } from './transitions.ts';

export const NO_BUDGET = { faults: 0, lapses: 0, sweeps: 0, restores: 0, replays: 0 };

/** Returns the states that a scenario may begin with: with enough on the shelves, and where that is a question, without. */
export function startsOf(transitions: Transitions): State[] {
  const { shop } = transitions;
  const { now, afterConfirmation = [], late = [], budget, mayBeShort } = shop.scenario;
  const none: Omit<State, 'stock'> = {
    order: shop.orders.idOf(undefined),
    payment: shop.payments.idOf(undefined),
    notification: shop.notifications.idOf(undefined),
    gateway: shop.books.idOf(EMPTY_BOOK),
    budget: shop.budgets.idOf({ ...NO_BUDGET, ...budget }),
    inputs: shop.inputs.idOf({ afterConfirmation, late }),
    seen: shop.observations.idOf({
      feed: [],
      dead: [],
      asked: [],
      answered: {},
      texts: [],
      archive: [],
      snapshots: [],
    }),
    messages: [],
    workers: [],
  };
  const publication = shop.publicationOf(now);
  return (mayBeShort ? [STOCKED, EMPTY] : [STOCKED]).map((pieces) =>
    transitions.publish({ ...none, stock: shop.stocks.idOf({ shelves: shelvesFor(now, pieces) }) }, publication),
  );
}
