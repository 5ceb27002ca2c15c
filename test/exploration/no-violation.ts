import { expect, type TestContext } from 'vitest';
import { explore } from './explore.ts';
import { productRules } from './rules.ts';
import { type ScenarioName, scenarios } from './scenarios.ts';

// No scenario has as many; a change of the rules that lets one grow without end would.
const MAX_STATES = 3_000_000;

/** Explores a scenario with the product's rules to its end, and expects nothing to go wrong; the states are counted in the report. */
export async function expectNoViolation(name: ScenarioName, { annotate }: TestContext): Promise<void> {
  const { states, rests, isComplete, violation, trace } = await explore(scenarios[name], productRules, MAX_STATES);
  await annotate(`${states} states, ${rests} of them at rest`);
  expect(violation, trace.join('\n')).toBeUndefined();
  expect(isComplete).toBe(true);
  // Otherwise nothing was ever seen to come to its end.
  expect(rests).toBeGreaterThan(0);
}
