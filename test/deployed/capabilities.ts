import './provided.ts';
import { inject, test } from 'vitest';

/** What an engine cannot do, so that a test of it would prove nothing there; the reason is printed with the skipped test. */
const gaps = {
  'dead-letter queue of a subscription': {
    ministack: 'MiniStack 1.5.33 sends nothing to the dead-letter queue of an SNS subscription',
  },
  'dead-letter queue of a rule target': {
    ministack: 'MiniStack 1.5.33 sends nothing to the dead-letter queue of an EventBridge target',
    localstack: 'LocalStack 4.14.0 sends nothing to the dead-letter queue of an EventBridge target',
  },
} as const satisfies Record<string, Partial<Record<'ministack' | 'localstack', string>>>;

/** Takes the capability a test needs and gives vitest's `test`, or a skip that names the reason on an engine without it. */
export function testThatNeeds(capability: keyof typeof gaps) {
  const missing: Partial<Record<string, string>> = gaps[capability];
  const reason = missing[inject('engine')];
  return (name: string, body: () => Promise<void>, timeout?: number) =>
    reason === undefined ? test(name, body, timeout) : test.skip(`${name} (${reason})`, body);
}

// LocalStack works on an order for a third of a second: a crowd of hundreds takes minutes there and shows nothing else.
const CROWD_SHARE = { ministack: 1, localstack: 0.1 } as const;

/** Takes how many orders make a crowd and gives how many do on this engine. */
export const crowd = (orders: number): number => Math.round(orders * CROWD_SHARE[inject('engine')]);
