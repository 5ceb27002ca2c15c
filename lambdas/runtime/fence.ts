import { DeadlineExceededError } from './failure.ts';

/**
 * The end of the time in which an invocation may act. A process that was frozen in the middle of a call goes on when it is thawed, minutes
 * later, when others have long taken its place: whatever cannot be undone looks at its fence directly before.
 */
export type Fence = {
  /** Throws `DeadlineExceededError` when the time is over. Looks at the clock, because after a thaw no timer has run yet. */
  check(): void;
  /** Aborts when the time is over, so that a call under way ends. */
  signal: AbortSignal;
  /** Returns how many milliseconds are left, at least 0. */
  remainingMs(): number;
};

/** A fence that never closes, for tests and for work outside an invocation. */
export const openFence: Fence = {
  check: () => {},
  signal: new AbortController().signal,
  remainingMs: () => Number.POSITIVE_INFINITY,
};

/**
 * Builds a fence that closes after `milliseconds`, by the wall clock or the monotonic one, whichever is first: the wall clock may be set
 * back, and the monotonic one may stand still while the process is frozen. It never outlives `outer`. `abort` closes it at once.
 */
export function fenceFor(milliseconds: number, outer: Fence = openFence): Fence & { abort(): void } {
  const controller = new AbortController();
  // The open fence lasts as long as the process, and would remember every signal that depends on it.
  const signal = outer === openFence ? controller.signal : AbortSignal.any([outer.signal, controller.signal]);
  const wallEnd = Date.now() + milliseconds;
  const monotonicEnd = performance.now() + milliseconds;
  const remainingMs = () => {
    if (signal.aborted) return 0;
    return Math.max(0, Math.min(wallEnd - Date.now(), monotonicEnd - performance.now(), outer.remainingMs()));
  };
  return {
    signal,
    remainingMs,
    check() {
      if (remainingMs() <= 0)
        throw new DeadlineExceededError('The invocation ran out of time before the call was made');
    },
    abort: () => controller.abort(new DeadlineExceededError('The invocation ran out of time')),
  };
}
