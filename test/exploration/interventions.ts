import { type Id, remembering } from './pool.ts';
import type { Scenario } from './scenario.ts';
import { type Consumer, type State, withIds } from './state.ts';
import type { Move, Transitions } from './transitions.ts';

/** Finds what may happen to the shop from outside: inputs, lapses, the sweep, tables that are put back, replays. */
export class Interventions {
  private readonly transitions: Transitions;
  private readonly first: State;

  constructor(transitions: Transitions, first: State) {
    this.transitions = transitions;
    this.first = first;
  }

  /** Returns what happens to the shop from outside: inputs, lapses, the sweep, tables that are put back, replays. */
  of(state: State, isAtRest: boolean): Move[] {
    const { transitions } = this;
    const { shop } = transitions;
    const budget = transitions.budgetOf(state);
    const found: Move[] = [];
    for (const { label, inputs, publication } of this.lateInputs(state.inputs))
      found.push({ label, state: transitions.publish({ ...state, inputs }, publication) });
    const book = shop.books.get(state.gateway);
    if (budget.lapses > 0 && book.standing === 'held') {
      const lapsed = shop.books.idOf({ ...book, standing: 'lapsed' });
      found.push({
        label: 'the authorization LAPSES',
        state: { ...transitions.spend(state, 'lapses'), gateway: lapsed },
      });
    }
    if (isAtRest || budget.sweeps > 0) found.push(...this.sweeps(state, isAtRest));
    const { restore, replay } = shop.scenario;
    if (restore && budget.restores > 0 && this.mayRestore(state, isAtRest, restore))
      found.push(...this.restores(state, restore.table));
    if (replay && budget.replays > 0) {
      for (const message of shop.observations.get(state.seen).archive)
        found.push({
          label: `REPLAY ${shop.messages.get(message).event.type}`,
          state: transitions.withMessage(transitions.spend(state, 'replays'), message),
        });
    }
    return found;
  }

  private readonly lateInputs = remembering((id: Id) => {
    const inputs = this.transitions.shop.inputs.get(id);
    return inputs.late.map((event, index) => ({
      label: `INPUT ${event.type}`,
      inputs: this.transitions.shop.inputs.idOf({ ...inputs, late: inputs.late.toSpliced(index, 1) }),
      publication: this.transitions.shop.publicationOf([event]),
    }));
  });

  private sweeps(state: State, isAtRest: boolean): Move[] {
    const { transitions } = this;
    const { shop } = transitions;
    const run = shop.sweep(state.order, shop.recordsOf(state.payment, state.stock, state.notification));
    // The index and the daily check may find the same; that a message comes twice is a fault of its own.
    const messages = [...new Set(run.messages)].filter((message) => !state.messages.includes(message));
    if (messages.length === 0 && run.order === state.order) return [];
    return [
      {
        label: run.label,
        state: {
          ...(isAtRest ? state : transitions.spend(state, 'sweeps')),
          order: run.order,
          messages: withIds(state.messages, messages),
        },
      },
    ];
  }

  /** A table is exchanged while no invocation of its consumer is under way. */
  private mayRestore(state: State, isAtRest: boolean, { table, when }: NonNullable<Scenario['restore']>): boolean {
    const isUsed = state.workers.some((id) => {
      const { consumer, isGone } = this.transitions.shop.workers.get(id);
      return consumer === table && !isGone;
    });
    if (when === 'any time') return !isUsed;
    return isAtRest && (when === 'at rest' || this.sweeps(state, true).length === 0);
  }

  private restores(state: State, table: Consumer): Move[] {
    const { transitions } = this;
    const { observations } = transitions.shop;
    const earlier = [this.first[table], ...observations.get(state.seen).snapshots];
    const records = new Set(earlier.map((id) => (table === 'stock' ? this.onShelves(id, state.stock) : id)));
    return [...records]
      .filter((id) => id !== state[table])
      .map((id) => ({
        label: `RESTORE ${table} to ${this.describe(table, id)}`,
        state: {
          ...transitions.spend(state, 'restores'),
          [table]: id,
          seen: transitions.observer.restore(state.seen),
        },
      }));
  }

  /** The reservations are put back, and the shelves are not: they are another table. */
  private readonly onShelves = remembering((earlier: Id, current: Id) => {
    const { stocks } = this.transitions.shop;
    const { reservation } = stocks.get(earlier);
    return stocks.idOf({ ...(reservation && { reservation }), shelves: stocks.get(current).shelves });
  });

  private describe(table: Consumer, record: Id): string {
    const { orders, payments, stocks, notifications } = this.transitions.shop;
    const pools = { order: orders, payment: payments, stock: stocks, notification: notifications };
    return JSON.stringify(pools[table].get(record)) ?? 'none';
  }
}
