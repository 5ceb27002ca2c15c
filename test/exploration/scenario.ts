import type { CloudEvent } from '../../contracts/cloud-event.ts';
import type { GatewayChoices } from './gateway-model.ts';
import type { Budget, Consumer } from './state.ts';

/** What happens to one order, and what may go wrong meanwhile. */
export type Scenario = {
  /** Published at the start; each message may take any time. */
  now: readonly CloudEvent[];
  /** Published once a confirmation is on the bus. */
  afterConfirmation?: readonly CloudEvent[];
  /** Published at any time, or never. */
  late?: readonly CloudEvent[];
  /** How often something goes wrong. @default never */
  budget?: Partial<Budget>;
  gateway?: GatewayChoices;
  /** The shelves may be empty. */
  mayBeShort?: true;
  /** Consumers that are left out, to see more of the others. */
  without?: readonly Consumer[];
  /** Each message arrives some time. @default a message may be lost, as a fault */
  withoutLoss?: true;
  /** The events that change nothing but the feed are not delivered to `order`, to see more of the rest. */
  withoutReports?: true;
  /**
   * The table that is put back to an earlier record or to none, `budget.restores` times: at any time, only when all are at rest, or only when
   * the sweep finds nothing to do either.
   */
  restore?: { table: Consumer; when: 'any time' | 'at rest' | 'settled' };
  /** The consumer to which archived events are replayed without effects, one by one, `budget.replays` times, at any time. */
  replay?: { consumer: Consumer };
  /** The reasons of dead letters that are right. */
  deadLetters?: readonly RegExp[];
};
