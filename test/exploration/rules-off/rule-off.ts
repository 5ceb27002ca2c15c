import type { Delivery } from '../../../lambdas/runtime/delivery.ts';
import type { Rules } from '../rules.ts';
import type { ScenarioName } from '../scenarios.ts';

/** A rule of the protocol, the product's rules as they would be without it, and the scenario in which its absence does harm. */
export type RuleOff = { rule: string; scenario: ScenarioName; harm: RegExp; off(rules: Rules): Rules };

/** Tells whether what a rule is asked about is a delivery of an event of this type. */
export const isDeliveryOf = (input: object, { type }: { type: string }): boolean =>
  'event' in input && (input as Delivery).event.type === type;
