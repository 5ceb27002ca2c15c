import { describe, test } from 'vitest';
import { quietLog } from '../builders/quiet-log.ts';
import { expectNoViolation } from './no-violation.ts';
import type { ScenarioName } from './scenarios.ts';

const NAMES = [
  'plain',
  'reports',
  'steps',
  'sweep',
  'lapse',
  'orphan',
  'cancel-lost',
  'two-placed',
  'two-placed-lost',
] as const satisfies ScenarioName[];

describe("The product's rules survive messages lost, repeated and reordered, and every crash,", () => {
  quietLog();
  test.for(NAMES)('in the scenario %s', expectNoViolation);
});
