import { DeadlineExceededError, OneOrderError, UnavailableError, UnknownOutcomeError } from './failure.ts';
import { type Fence, fenceFor } from './fence.ts';

/** Closed: calls pass. Open: none does. Half-open: one passes as a probe, and the others wait for its result. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** A change of state, for log and metrics. */
export type BreakerTransition = { downstream: string; from: BreakerState; to: BreakerState; openSeconds?: number };

/** The breaker is open, so the call was not made; the message is retried. */
export class CircuitOpenError extends UnavailableError {
  override name = 'CircuitOpenError';
}

/** When a breaker opens and for how long. Times in seconds; `random` returns a number in [0, 1). */
export type BreakerSettings = {
  downstream: string;
  /** How many different orders must fail in a row to open it. @default 5 */
  failures?: number;
  /** How long it stays open at first; each failed probe doubles it. @default 2 */
  firstOpenSeconds?: number;
  /** @default 5 */
  maxOpenSeconds?: number;
  /** How long a call may take before it counts as failed. @default 10 */
  callSeconds?: number;
  onTransition?: (transition: BreakerTransition) => void;
  now?: () => number;
  random?: () => number;
};

/**
 * Makes a call for one order. The call gets a fence of its own, which also closes when the circuit breaker gives the call up: a hung call
 * that goes on then does not act any more.
 */
export type ProtectedCall = <T>(orderId: string, fence: Fence, call: (fence: Fence) => Promise<T>) => Promise<T>;

/** What a call says of its downstream: it is there, it is not, or nothing. `one-order`: it serves others, as far as known. */
type Evidence = 'answered' | 'failed' | 'one-order' | 'none';

/**
 * Protects a downstream: the returned function makes calls to it, or throws `CircuitOpenError` while it keeps failing (the Circuit
 * Breaker of Nygard's "Release It!"). Only `UnavailableError` counts as a failure: a declined card is an answer. It counts once for each
 * order since the last success, so that one order's retries alone never open it, and `OneOrderError` does not count at all. The state lives
 * in one function instance, so each instance probes for itself.
 */
export function circuitBreaker(settings: BreakerSettings): ProtectedCall {
  const { downstream, failures = 5, firstOpenSeconds = 2, maxOpenSeconds = 5, callSeconds = 10 } = settings;
  const { onTransition = () => {}, now = () => performance.now(), random = Math.random } = settings;
  let state: BreakerState = 'closed';
  const failedOrders = new Set<string>();
  let openSeconds = firstOpenSeconds;
  let openUntil = 0;
  let probe: Promise<void> = Promise.resolve();

  // Other calls change the state meanwhile, which the compiler cannot know.
  const stateNow = (): BreakerState => state;
  const become = (to: BreakerState) => {
    if (state === to) return;
    onTransition({ downstream, from: state, to, ...(to === 'open' ? { openSeconds } : {}) });
    state = to;
  };
  const open = () => {
    // Half the time is fixed and half is random, so that instances do not probe simultaneously.
    openUntil = now() + openSeconds * 1000 * (0.5 + random() / 2);
    become('open');
    openSeconds = Math.min(maxOpenSeconds, openSeconds * 2);
  };
  const close = () => {
    failedOrders.clear();
    openSeconds = firstOpenSeconds;
    become('closed');
  };
  const recordProbe = (evidence: Evidence) => {
    if (evidence === 'answered' || evidence === 'one-order') close();
    else open();
  };
  const recordCall = (orderId: string, evidence: Evidence) => {
    // A call that was under way when the breaker opened ends late and says nothing new: only the probe counts then.
    if (state !== 'closed') return;
    if (evidence === 'answered') close();
    if (evidence === 'failed' && failedOrders.add(orderId).size >= failures) open();
  };
  const attempt = async <T>(fence: Fence, call: (fence: Fence) => Promise<T>, record: (evidence: Evidence) => void) => {
    try {
      const answer = await withTimeout(callSeconds, downstream, fence, call);
      record('answered');
      return answer;
    } catch (error) {
      record(evidenceOf(error, fence));
      throw error;
    }
  };

  return async (orderId, fence, call) => {
    // Calls during a probe wait for its result: at the end of an outage they all pass.
    if (state === 'half-open') await probe;
    if (stateNow() === 'open') {
      if (now() < openUntil) throw new CircuitOpenError(`The ${downstream} keeps failing, so it was not called`);
      become('half-open');
      const probing = attempt(fence, call, recordProbe);
      probe = probing.then(
        () => {},
        () => {},
      );
      return probing;
    }
    return attempt(fence, call, (evidence) => recordCall(orderId, evidence));
  };
}

/** Decides what a failed call says of its downstream. With an error that is no outage it answered, so it is there. */
function evidenceOf(error: unknown, fence: Fence): Evidence {
  // The invocation ended, whatever the downstream would have answered.
  if (fence.remainingMs() <= 0) return 'none';
  if (error instanceof OneOrderError) return 'one-order';
  // The call's own time was over although the invocation's is not.
  const isFailure = error instanceof UnavailableError || error instanceof DeadlineExceededError;
  return isFailure ? 'failed' : 'answered';
}

/** Makes a call; throws `UnknownOutcomeError` where it takes longer, and closes its fence then. */
export async function withTimeout<T>(
  seconds: number,
  downstream: string,
  fence: Fence,
  call: (fence: Fence) => Promise<T>,
): Promise<T> {
  const ownFence = fenceFor(seconds * 1000, fence);
  const { promise, reject } = Promise.withResolvers<never>();
  const late = () => reject(new UnknownOutcomeError(`The ${downstream} did not answer within ${seconds} s`));
  const timer = setTimeout(late, seconds * 1000);
  try {
    return await Promise.race([call(ownFence), promise]);
  } finally {
    clearTimeout(timer);
    ownFence.abort();
  }
}
