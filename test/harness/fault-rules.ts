import type { ApiCall, ApiResponse, Json } from './protocol.ts';

/** A fault that the proxy can inject into one call. */
export type Fault =
  /** The server executes the call; its response never arrives. */
  | { kind: 'lose-answer' }
  /** The server executes the call; the caller gets an error. */
  | { kind: 'answer-500' }
  /** The call never reaches the server. */
  | { kind: 'refuse' }
  | { kind: 'delay'; milliseconds: number }
  | { kind: 'throttle' }
  /** DynamoDB: a conflict with another transaction. */
  | { kind: 'conflict' }
  /** Each entry of a batch fails by itself with this probability and never reaches the server. @default 1 */
  | { kind: 'fail-entries'; share?: number }
  /** The caller crashes at this call: before the server gets it, or after it was executed. */
  | { kind: 'crash'; when: 'before' | 'after' }
  /**
   * The caller's process is frozen at this call until it is thawed. `before`: the call is lost, the connection with it. `after`: it was executed,
   * and its response is there at the thaw. `late`: it is on its way all the while, and reaches the server at the thaw.
   */
  | { kind: 'freeze'; when: 'before' | 'after' | 'late' }
  /** Every message received is delivered this many times more, in this or a later response. */
  | { kind: 'duplicate'; copies: number }
  /** Messages received are shuffled, and some are delivered later. */
  | { kind: 'reorder' }
  /** The call never reaches the server; the caller gets this response. */
  | { kind: 'respond'; response: (call: ApiCall) => ApiResponse }
  /** The request is changed on its way; used by the harness to shift time. */
  | { kind: 'edit'; request: (body: Json, call: ApiCall) => void };

/** Which calls a fault hits, and how often. A field that is left out matches every call. */
export type Rule = {
  fault: Fault;
  caller?: RegExp;
  service?: ApiCall['service'];
  operation?: string | readonly string[];
  where?: (call: ApiCall) => boolean;
  /** The probability that a matching call is hit. @default 1 */
  probability?: number;
  /** The number of matching calls to let pass first. @default 0 */
  skip?: number;
  /** The maximum number of hits. @default no limit */
  times?: number;
};

/** Returns whether the rule applies to this call, probability and limits aside. */
export function matchesRule(rule: Rule, call: ApiCall): boolean {
  const { caller, service, operation, where } = rule;
  if (caller !== undefined && !caller.test(call.caller)) return false;
  if (service !== undefined && service !== call.service) return false;
  if (operation !== undefined && ![operation].flat().includes(call.operation)) return false;
  return where === undefined || where(call);
}

/** An injected fault, as a failed test shows it; `previous` is the caller's preceding call. */
export type InjectedFault = { caller: string; call: string; nth: number; fault: string; previous: string };
