import type { Call, Json } from './protocol.ts';

/** What the proxy can do to one call. */
export type Fault =
  /** The server carries the call out, its answer never arrives. */
  | { kind: 'lose-answer' }
  /** The server carries the call out, the caller is told it did not. */
  | { kind: 'answer-500' }
  /** The call never reaches the server. */
  | { kind: 'refuse' }
  | { kind: 'delay'; milliseconds: number }
  | { kind: 'throttle' }
  /** DynamoDB: somebody else's transaction is in the way. */
  | { kind: 'conflict' }
  /** Each entry of a batch fails by itself with this probability and never reaches the server. @default 1 */
  | { kind: 'fail-entries'; share?: number }
  /** The caller dies at this call: before the server got it, or after it was carried out. */
  | { kind: 'crash'; when: 'before' | 'after' }
  /** Every message received comes this many times more, in this or a later answer. */
  | { kind: 'duplicate'; copies: number }
  /** Messages received are shuffled, and some of them come only later. */
  | { kind: 'reorder' }
  /** The request is changed on its way: no fault, but how a harness shifts time. */
  | { kind: 'edit'; request: (body: Json, call: Call) => void };

/** Which calls meet a fault, and how often. A rule that leaves a field out does not look at it. */
export type Rule = {
  fault: Fault;
  caller?: RegExp;
  service?: Call['service'];
  operation?: string | readonly string[];
  where?: (call: Call) => boolean;
  /** How likely it is that a call that matches is hit. @default 1 */
  probability?: number;
  /** Let this many matching calls pass first. @default 0 */
  skip?: number;
  /** Hit at most this many calls. @default no limit */
  times?: number;
};

/** True if the rule is about this call. */
export function matches(rule: Rule, call: Call): boolean {
  const { caller, service, operation, where } = rule;
  if (caller !== undefined && !caller.test(call.caller)) return false;
  if (service !== undefined && service !== call.service) return false;
  if (operation !== undefined && ![operation].flat().includes(call.operation)) return false;
  return where === undefined || where(call);
}

/** A fault that was injected, as it is shown when a test fails; `previous` is the caller's call before. */
export type Injected = { caller: string; call: string; nth: number; fault: string; previous: string };
