import type { Fault, Rule } from '../harness/fault-rules.ts';
import type { ApiCall } from '../harness/protocol.ts';
import type { Harness } from './harness.ts';

/**
 * Builds a rule that strikes each message once: at call number `point` (from 0) of those that its handling makes and that match. The consumers
 * must receive one message at a time.
 */
export function strikeEach(
  shop: Harness,
  caller: RegExp,
  point: number,
  fault: Fault,
  matches: (call: ApiCall) => boolean = () => true,
): Rule {
  const calls = new Map<string, number>();
  const where = (call: ApiCall) => {
    const [messageId] = shop.handledBy(call.caller);
    if (messageId === undefined || !matches(call)) return false;
    const number = calls.get(messageId) ?? 0;
    calls.set(messageId, number + 1);
    return number === point;
  };
  return { caller, where, fault };
}
