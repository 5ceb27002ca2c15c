import { describe, test } from 'vitest';
import { quietLog } from '../builders/quiet-log.ts';
import { expectNoViolation } from './no-violation.ts';
import type { ScenarioName } from './scenarios.ts';

const CANCELLATIONS = [
  'payment alone',
  'stock alone',
  'notification alone',
  'cancel',
  'cancel-faults',
  'cancel-lapse',
] as const satisfies ScenarioName[];

const RESTORES = [
  'replay',
  'restore-order',
  'restore-order-texts',
  'restore-order-busy',
  'restore-payment',
  'restore-stock',
  'restore-notification',
] as const satisfies ScenarioName[];

describe("The product's rules survive a cancellation at any moment,", () => {
  quietLog();
  test.for(CANCELLATIONS)('in the scenario %s', expectNoViolation);
});

describe("The product's rules survive a table that is put back to any earlier record, and replays,", () => {
  quietLog();
  test.for(RESTORES)('in the scenario %s', expectNoViolation);
});
