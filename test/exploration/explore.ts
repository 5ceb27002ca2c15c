import { Deliveries } from './deliveries.ts';
import { checkEnd } from './end-invariants.ts';
import { Interventions } from './interventions.ts';
import { Observer, Violation } from './observer.ts';
import { completed } from './pending.ts';
import { type Id, remembering } from './pool.ts';
import type { Rules } from './rules.ts';
import type { Scenario } from './scenario.ts';
import { Shop } from './shop.ts';
import { NO_BUDGET, startsOf } from './start.ts';
import { keyOf, type State, stateOf } from './state.ts';
import { type Move, Transitions } from './transitions.ts';
import { Workers } from './workers.ts';

/** What an exploration found. `trace`: the shortest way to the violation. `isComplete`: no state was left out. */
export type Finding = { states: number; rests: number; isComplete: boolean; violation?: string; trace: string[] };

// A state without faults that is not at its end after so many moves never comes to an end.
const MAX_MOVES_TO_END = 300;

/** Explores a scenario breadth-first, up to `maxStates`; ends at the first violation, which is one of those with the shortest traces. */
export async function explore(scenario: Scenario, rules: Rules, maxStates: number): Promise<Finding> {
  const exploration = new Exploration(rules, scenario);
  return exploration.run(maxStates);
}

/** Walks through a scenario at random, from its start to its end, `walks` times: for one that has too many states to see all of them. */
export async function walk(scenario: Scenario, rules: Rules, walks: number, random: () => number): Promise<Finding> {
  const exploration = new Exploration(rules, scenario);
  return exploration.walk(walks, random);
}

class Exploration {
  private readonly shop: Shop;
  private readonly starts: readonly State[];
  private readonly deliveries: Deliveries;
  private readonly workers: Workers;
  private readonly interventions: Interventions;
  /** The keys of the states that were found, in sequence, and the number of the state that each was found from. */
  private readonly keys: string[] = [];
  private readonly parents: number[] = [];
  private readonly found = new Set<string>();
  /** The keys of states without budget from which all comes to a good end. */
  private readonly ending = new Set<string>();
  private rests = 0;

  constructor(rules: Rules, scenario: Scenario) {
    this.shop = new Shop(rules, scenario);
    const transitions = new Transitions(this.shop, new Observer(this.shop));
    this.starts = startsOf(transitions);
    this.deliveries = new Deliveries(transitions);
    this.workers = new Workers(transitions);
    this.interventions = new Interventions(transitions, this.starts[0] as State);
  }

  async run(maxStates: number): Promise<Finding> {
    for (const start of this.starts) this.find(start, -1);
    for (let index = 0; index < this.keys.length; index += 1) {
      if (this.keys.length > maxStates) return this.finding(false);
      const state = this.stateAt(index);
      try {
        for (const { state: next } of await this.expand(state, true)) this.find(next, index);
      } catch (error) {
        if (!(error instanceof Violation)) throw error;
        return { ...this.finding(false), violation: error.message, trace: await this.traceTo(index, error) };
      }
    }
    return this.finding(true);
  }

  async walk(walks: number, random: () => number): Promise<Finding> {
    for (let count = 0; count < walks; count += 1) {
      let state = this.starts[Math.floor(random() * this.starts.length)] as State;
      const trace: string[] = [];
      try {
        for (let moves = await this.expand(state, true); moves.length > 0; moves = await this.expand(state, true)) {
          const move = moves[Math.floor(random() * moves.length)] as Move;
          trace.push(move.label);
          state = move.state;
          this.find(state, -1);
        }
      } catch (error) {
        if (!(error instanceof Violation)) throw error;
        const labels = error instanceof TracedViolation ? error.labels : [];
        return { ...this.finding(false), violation: error.message, trace: [...trace, ...labels] };
      }
    }
    return this.finding(false);
  }

  private finding(isComplete: boolean): Finding {
    return { states: this.keys.length, rests: this.rests, isComplete, trace: [] };
  }

  private find(state: State, parent: number): void {
    const key = keyOf(state);
    const count = this.found.size;
    if (this.found.add(key).size === count) return;
    this.keys.push(key);
    this.parents.push(parent);
  }

  private readonly stateAt = (index: number): State => stateOf(this.keys[index] ?? '');

  /** Returns all next states; at rest, first checks that the state without further faults comes to a good end. */
  private async expand(state: State, isChecked: boolean): Promise<Move[]> {
    const moves = await completed(() => [...this.deliveries.of(state), ...this.workers.of(state)]);
    const isAtRest = moves.every(({ isLoss }) => isLoss);
    if (isAtRest && isChecked) {
      this.rests += 1;
      await this.checkEndOf(state);
    }
    return [...moves, ...(await completed(() => this.interventions.of(state, isAtRest)))];
  }

  /** Goes on without faults and late inputs, one way: does it come to a good end? */
  private async checkEndOf(atRest: State): Promise<void> {
    const { shop } = this;
    let state: State = { ...atRest, budget: shop.budgets.idOf(NO_BUDGET), inputs: this.withoutLate(atRest.inputs) };
    const keys: string[] = [];
    const labels: string[] = [];
    for (let count = 0; count < MAX_MOVES_TO_END; count += 1) {
      const key = keyOf(state);
      if (this.ending.has(key)) break;
      keys.push(key);
      const moves = await this.expand(state, false);
      const [move] = moves;
      if (move === undefined) {
        withLabels(labels, () => checkEnd(shop, state));
        break;
      }
      labels.push(move.label);
      if (count === MAX_MOVES_TO_END - 1) throw new TracedViolation('It never ends', labels.slice(0, 20));
      state = move.state;
    }
    for (const key of keys) this.ending.add(key);
  }

  private readonly withoutLate = remembering((id: Id) =>
    this.shop.inputs.idOf({ ...this.shop.inputs.get(id), late: [] }),
  );

  /** Returns what happened up to a state, and then up to the violation. */
  private async traceTo(index: number, violation: Violation): Promise<string[]> {
    const trace: string[] = [];
    for (let child = index, parent = this.parents[index] ?? -1; parent >= 0; parent = this.parents[child] ?? -1) {
      const moves = await this.expand(this.stateAt(parent), false);
      trace.unshift(moves.find((move) => keyOf(move.state) === this.keys[child])?.label ?? 'an unknown move');
      child = parent;
    }
    return [...trace, ...(violation instanceof TracedViolation ? violation.labels : [])];
  }
}

/** A violation that is found only by going on. */
class TracedViolation extends Violation {
  readonly labels: readonly string[];

  constructor(message: string, labels: readonly string[]) {
    super(message);
    this.labels = labels;
  }
}

function withLabels(labels: readonly string[], check: () => void): void {
  try {
    check();
  } catch (error) {
    throw error instanceof Violation ? new TracedViolation(error.message, labels) : error;
  }
}
