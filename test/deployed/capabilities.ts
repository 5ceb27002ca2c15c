import './provided.ts';
import { inject, test } from 'vitest';

/** What an engine does not support; the reason is printed with the skipped test. */
const unsupported = {
  'dead-letter queue of a subscription': {
    ministack: 'MiniStack 1.5.33 sends nothing to the dead-letter queue of an SNS subscription',
  },
  'dead-letter queue of a rule target': {
    ministack: 'MiniStack 1.5.33 sends nothing to the dead-letter queue of an EventBridge target',
    localstack: 'LocalStack 4.14.0 sends nothing to the dead-letter queue of an EventBridge target',
  },
  'alarm of several periods': {
    localstack: 'LocalStack 4.14.0 evaluates an alarm once in all of its periods, here in five minutes or more',
  },
} as const satisfies Record<string, Partial<Record<'ministack' | 'localstack', string>>>;

/** Returns vitest's `test`, or a skip that names the reason on an engine without the capability. */
export function testWithCapability(capability: keyof typeof unsupported) {
  const missing: Partial<Record<string, string>> = unsupported[capability];
  const reason = missing[inject('engine')];
  return (name: string, body: () => Promise<void>, timeout?: number) =>
    reason === undefined ? test(name, body, timeout) : test.skip(`${name} (${reason})`, body);
}

// LocalStack takes a third of a second per order: hundreds of orders would take minutes there and show nothing more.
const LOAD_SHARE = { ministack: 1, localstack: 0.1 } as const;

/** Returns how many orders are enough for a load test on this engine. */
export const scaledToEngine = (orders: number): number => Math.round(orders * LOAD_SHARE[inject('engine')]);
