import { describe, test } from 'vitest';
import { quietLog } from '../builders/quiet-log.ts';
import { expectNoViolation } from './no-violation.ts';
import type { ScenarioName } from './scenarios.ts';

const SHIPMENTS = [
  'order alone',
  'ship',
  'ship-reports',
  'ship-texts',
  'ship-faults',
  'ship-goods-faults',
  'shipped-early',
  'lapse-ship',
  'lapse-ship-faults',
  'replay-ship',
  'restore-order-ship',
  'restore-payment-ship',
  'restore-stock-ship',
] as const satisfies ScenarioName[];

const REFUNDS = [
  'refunds alone',
  'returns alone',
  'refund',
  'refund-reports',
  'refund-lost',
  'refund-cancel',
  'refund-twice',
  'refund-cancel-goods',
  'refund-cancel-faults',
  'restore-payment-refund',
] as const satisfies ScenarioName[];

describe("The product's rules survive goods that leave while the order is cancelled, lapses or is forgotten,", () => {
  quietLog();
  test.for(SHIPMENTS)('in the scenario %s', expectNoViolation);
});

describe("The product's rules survive refunds that repeat, exceed the sum, are refused or meet a cancellation,", () => {
  quietLog();
  test.for(REFUNDS)('in the scenario %s', expectNoViolation);
});
