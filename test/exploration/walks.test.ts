import { describe, expect, test } from 'vitest';
import { quietLog } from '../builders/quiet-log.ts';
import { seededRandom } from '../harness/random.ts';
import { walk } from './explore.ts';
import { productRules } from './rules.ts';
import { type WalkName, walks } from './scenarios.ts';

const WALKS = 3_000;
const SEED = Number(process.env.EXPLORATION_SEED ?? 1);

describe(`No violation is met by ${WALKS} random walks through what has too many states to see them all:`, () => {
  quietLog();
  test.for(Object.keys(walks) as WalkName[])('%s', async (name, { annotate }) => {
    const { states, rests, violation, trace } = await walk(walks[name], productRules, WALKS, seededRandom(SEED));
    await annotate(`${states} states, ${rests} at rest`);
    expect(violation, trace.join('\n')).toBeUndefined();
    expect(rests).toBeGreaterThanOrEqual(WALKS);
  });
});
