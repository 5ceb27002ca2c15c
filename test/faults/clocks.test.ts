import { expect, test } from 'vitest';
import { runSeed, seededRandom } from '../harness/random.ts';
import { checkInvariants } from './check-invariants.ts';
import { useHarness } from './harness.ts';
import { placeMixed } from './scenario.ts';

const shop = useHarness();

const MINUTE_MS = 60_000;

/** Duplicates make the instances meet over the same orders; a text may rest on a clock, money and goods may not. */
async function runWithClocks(): Promise<void> {
  shop().proxy.add({ operation: 'ReceiveMessage', times: 30, fault: { kind: 'duplicate', copies: 1 } });
  await placeMixed(shop().ledger, 3);
  await shop().settle();
  await checkInvariants(shop(), { secondText: new Set(shop().ledger.orders.keys()) });
}

test('the shop stays consistent when clocks of instances differ by twenty minutes', async () => {
  for (const [slow, fast] of shop().instances.values()) {
    if (slow !== undefined) slow.clockError = () => -10 * MINUTE_MS;
    if (fast !== undefined) fast.clockError = () => 10 * MINUTE_MS;
  }
  await runWithClocks();
});

test('the shop stays consistent when clocks jump forwards and backwards', async () => {
  const random = seededRandom(runSeed);
  const errors: number[] = [];
  for (const instance of [...shop().instances.values()].flat()) {
    instance.clockError = () => {
      const error = Math.round((random() - 0.5) * 20 * MINUTE_MS);
      errors.push(error);
      return error;
    };
  }
  await runWithClocks();
  expect(errors.some((error, index) => error < (errors[index - 1] ?? error))).toBe(true);
});
