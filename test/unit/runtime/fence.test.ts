import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { fenceFor, openFence } from '../../../lambdas/runtime/fence.ts';
import { HAND_BACK_MS, invocationDeadline } from '../../../lambdas/runtime/invocation-deadline.ts';

beforeEach(() => {
  vi.useFakeTimers();
  onTestFinished(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });
});

const isOpen = (fence: { check(): void }): boolean => {
  try {
    fence.check();
    return true;
  } catch (error) {
    expect(error).toMatchObject({ name: 'DeadlineExceededError' });
    return false;
  }
};

describe('A fence', () => {
  test('closes when its time is over', () => {
    const fence = fenceFor(1_000);
    expect([isOpen(fence), fence.remainingMs()]).toEqual([true, 1_000]);
    vi.advanceTimersByTime(999);
    expect([isOpen(fence), fence.remainingMs()]).toEqual([true, 1]);
    vi.advanceTimersByTime(1);
    expect([isOpen(fence), fence.remainingMs()]).toEqual([false, 0]);
  });

  test('closes by the wall clock where the monotonic one stood still', () => {
    const fence = fenceFor(1_000);
    vi.spyOn(performance, 'now').mockReturnValue(performance.now());
    vi.setSystemTime(Date.now() + 1_000);
    expect(isOpen(fence)).toBe(false);
  });

  test('closes by the monotonic clock where the wall clock was set back', () => {
    const fence = fenceFor(1_000);
    const monotonic = performance.now();
    vi.setSystemTime(Date.now() - 86_400_000);
    expect(isOpen(fence)).toBe(true);
    vi.spyOn(performance, 'now').mockReturnValue(monotonic + 1_000);
    expect(isOpen(fence)).toBe(false);
  });

  test('closes at once when it is aborted, and aborts the calls under way', () => {
    const fence = fenceFor(1_000);
    expect(fence.signal.aborted).toBe(false);
    fence.abort();
    expect([isOpen(fence), fence.remainingMs(), fence.signal.aborted]).toEqual([false, 0, true]);
    expect(fence.signal.reason).toMatchObject({ name: 'DeadlineExceededError' });
  });

  test('closes with the outer one, and leaves the outer one open', () => {
    const outer = fenceFor(1_000);
    const long = fenceFor(5_000, outer);
    const short = fenceFor(500, outer);
    expect([long.remainingMs(), short.remainingMs()]).toEqual([1_000, 500]);
    short.abort();
    expect([isOpen(short), isOpen(outer), isOpen(long)]).toEqual([false, true, true]);
    outer.abort();
    expect([isOpen(long), long.signal.aborted]).toEqual([false, true]);
  });

  test('that never closes is for work outside an invocation', () => {
    expect([isOpen(openFence), openFence.remainingMs()]).toEqual([true, Number.POSITIVE_INFINITY]);
  });
});

describe("An invocation's deadline", () => {
  const begin = (seconds: number) => invocationDeadline({ getRemainingTimeInMillis: () => seconds * 1000 });

  test('closes its fence in time to hand back what is unfinished', () => {
    const { fence } = begin(30);
    vi.advanceTimersByTime(30_000 - HAND_BACK_MS - 1);
    expect([isOpen(fence), fence.signal.aborted]).toEqual([true, false]);
    vi.advanceTimersByTime(1);
    expect([isOpen(fence), fence.signal.aborted]).toEqual([false, true]);
  });

  test('begins no work after a freeze in which no timer ran', async () => {
    const deadline = begin(30);
    vi.setSystemTime(Date.now() + 300_000);
    const work = vi.fn(async () => 'done');
    expect(await deadline.race(work)).toBeUndefined();
    expect([deadline.hasExpired(), work.mock.calls]).toEqual([true, []]);
  });

  test('closes its fence when the invocation ends early: what it gave up does not act while the process is reused', () => {
    const deadline = begin(30);
    expect(isOpen(deadline.fence)).toBe(true);
    deadline.end();
    expect([isOpen(deadline.fence), vi.getTimerCount()]).toEqual([false, 0]);
  });

  test('without a context never expires', async () => {
    const deadline = invocationDeadline(undefined);
    expect([isOpen(deadline.fence), deadline.hasExpired(), await deadline.race(async () => 1)]).toEqual([
      true,
      false,
      1,
    ]);
    deadline.end();
  });
});
