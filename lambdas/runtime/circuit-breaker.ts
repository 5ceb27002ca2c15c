import { UnavailableError, UnknownOutcomeError } from './failure.ts';

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
  /** Failures in a row that open it. @default 5 */
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
 * Protects a downstream: the returned function makes calls to it, or throws `CircuitOpenError` while it keeps failing (the Circuit
 * Breaker of Nygard's "Release It!"). Only `UnavailableError` counts as a failure: a declined card is an answer. The state lives
 * in one function instance, so each instance probes for itself.
 */
export function circuitBreaker(settings: BreakerSettings): <T>(call: () => Promise<T>) => Promise<T> {
  const { downstream, failures = 5, firstOpenSeconds = 2, maxOpenSeconds = 5, callSeconds = 10 } = settings;
  const { onTransition = () => {}, now = () => performance.now(), random = Math.random } = settings;
  let state: BreakerState = 'closed';
  let failuresInARow = 0;
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
    failuresInARow = 0;
    openSeconds = firstOpenSeconds;
    become('closed');
  };
  const attempt = async <T>(call: () => Promise<T>, isProbe: boolean): Promise<T> => {
    const record = (error?: unknown) => {
      // A call that was under way when the breaker opened ends late and says nothing new: only the probe counts then.
      if (!isProbe && state !== 'closed') return;
      // With any other error the downstream answered, so it is there.
      if (!(error instanceof UnavailableError)) close();
      else {
        failuresInARow += 1;
        if (isProbe || failuresInARow >= failures) open();
      }
    };
    try {
      const answer = await withTimeout(callSeconds, downstream, call);
      record();
      return answer;
    } catch (error) {
      record(error);
      throw error;
    }
  };

  return async (call) => {
    // Calls during a probe wait for its result: at the end of an outage they all pass.
    if (state === 'half-open') await probe;
    if (stateNow() === 'open') {
      if (now() < openUntil) throw new CircuitOpenError(`The ${downstream} keeps failing, so it was not called`);
      become('half-open');
      const probing = attempt(call, true);
      probe = probing.then(
        () => {},
        () => {},
      );
      return probing;
    }
    return attempt(call, false);
  };
}

async function withTimeout<T>(seconds: number, downstream: string, call: () => Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const late = () => reject(new UnknownOutcomeError(`The ${downstream} did not answer within ${seconds} s`));
  const timer = setTimeout(late, seconds * 1000);
  try {
    return await Promise.race([call(), promise]);
  } finally {
    clearTimeout(timer);
  }
}
