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

/**
 * Builds rules that kill whoever makes a call that was not struck yet: of each consumer before its first call, and for each type of message after
 * every one. No message is struck twice. `struck` is what was struck so far, and grows. The consumers must receive one message at a time.
 */
export function strikeNew(shop: Harness, struck: Set<string>): Rule[] {
  const calls = new Map<string, number>();
  const hit = new Set<string>();
  const isNew = (messageId: string, point: string) => {
    if (hit.has(messageId) || struck.has(point)) return false;
    hit.add(messageId);
    struck.add(point);
    return true;
  };
  const rule = (when: 'before' | 'after'): Rule => ({
    caller: /-\d+$/,
    where: (call) => {
      const [messageId] = shop.handledBy(call.caller);
      if (messageId === undefined) return false;
      const number = calls.get(messageId) ?? 0;
      if (when === 'before' && number > 0) return false;
      if (when === 'after') calls.set(messageId, number + 1);
      const who = call.caller.replace(/-\d+$/, '');
      return isNew(
        messageId,
        when === 'before' ? `${who} before` : `${who} ${shop.typeHandledBy(call.caller)} ${number}`,
      );
    },
    fault: { kind: 'crash', when },
  });
  return [rule('before'), rule('after')];
}
