import { describe, expect, test } from 'vitest';
import type { Rule } from '../harness/fault-rules.ts';
import type { ApiCall } from '../harness/protocol.ts';
import { checkEveryPayment, placeEveryPayment, textRepeated } from './every-payment.ts';
import { useHarness } from './harness.ts';
import { isMovement } from './payment-gateway.ts';
import { strikeEach } from './strike-each.ts';

const shop = useHarness();

/** The consumers whose effects no transaction undoes. */
const ACTORS = ['payment', 'notification'] as const;
const ACTOR = new RegExp(`^(${ACTORS.join('|')})-`);

/** Tells whether a call moves money or sends a text. */
const isIrreversible = (call: ApiCall) => isMovement(call) || call.operation === 'Publish';

/** Runs an order of every kind with this fault, thaws what it has frozen, and returns how many processes that were. */
async function runAndThaw(seed: number, rule: Rule): Promise<number> {
  const acts: Rule = { caller: ACTOR, where: isIrreversible, fault: { kind: 'edit', request: () => {} } };
  await shop().reset(seed, acts, rule);
  // Of a batch, other calls would be under way.
  for (const actor of ACTORS) shop().source(actor).batchSize = 1;
  const placed = await placeEveryPayment(shop().ledger);
  // Minutes pass, so that the leases of what is frozen end and others take the messages.
  await shop().settle();
  const before = shop().proxy.hits(acts);
  const thawed = await shop().thaw();
  expect(thawed).toBe(shop().proxy.hits(rule));
  expect(shop().proxy.hits(acts) - before, 'acts after the thaw').toBe(0);
  await shop().settle();
  await checkEveryPayment(shop(), placed, textRepeated(shop()));
  return thawed;
}

/** Runs with the fault at each point in turn, until a point is beyond the last call; returns how often each struck. */
async function atEachPoint(fault: (point: number) => Rule): Promise<number[]> {
  const struck: number[] = [];
  for (let point = 0; struck.at(-1) !== 0; point += 1) struck.push(await runAndThaw(point, fault(point)));
  return struck;
}

describe('A process that is frozen in the middle of a message, and thawed when others have handled it, acts no more', () => {
  test('after each call of payment and notification in turn', async () => {
    const struck = await atEachPoint((point) => strikeEach(shop(), ACTOR, point, { kind: 'freeze', when: 'after' }));
    // Each message is recorded, acted on, recorded again and published: fewer points would mean that nothing was tried.
    expect(struck.length).toBeGreaterThan(4);
    expect(struck[0]).toBeGreaterThan(20);
  }, 180_000);

  test('when the call that it was making was lost', async () => {
    const struck = await atEachPoint((point) =>
      strikeEach(shop(), ACTOR, point, { kind: 'freeze', when: 'before' }, isIrreversible),
    );
    expect(struck[0]).toBeGreaterThan(10);
  }, 120_000);

  test('and what it had sent to the gateway changes nothing when it arrives only then', async () => {
    const struck = await atEachPoint((point) =>
      strikeEach(shop(), ACTOR, point, { kind: 'freeze', when: 'late' }, isMovement),
    );
    expect(struck[0]).toBeGreaterThan(6);
  }, 120_000);
});
