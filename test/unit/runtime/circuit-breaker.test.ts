import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { logBreakerTransitions } from '../../../lambdas/runtime/breaker-log.ts';
import {
  type BreakerSettings,
  type BreakerTransition,
  CircuitOpenError,
  circuitBreaker,
} from '../../../lambdas/runtime/circuit-breaker.ts';
import { ConflictError, OneOrderError, UnavailableError } from '../../../lambdas/runtime/failure.ts';
import { fenceFor, openFence } from '../../../lambdas/runtime/fence.ts';
import { failureActionFor } from '../../../lambdas/runtime/retry-policy.ts';
import { quietLog } from '../../builders/quiet-log.ts';

const log = quietLog();

/** Waits until all pending promises have settled. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

const almostOne = 1 - Number.EPSILON;

/** Creates a circuit breaker with its own clock that opens for its full time by default. Each call is for another order unless one is named. */
function breaker(settings: Partial<BreakerSettings> = {}) {
  const state = {
    seconds: 0,
    orders: 0,
    calls: 0,
    transitions: [] as string[],
    openings: [] as (number | undefined)[],
  };
  const through = circuitBreaker({
    downstream: 'gateway',
    now: () => state.seconds * 1000,
    random: () => almostOne,
    onTransition: ({ from, to, openSeconds }: BreakerTransition) => {
      state.transitions.push(`${from} to ${to}`);
      if (to === 'open') state.openings.push(openSeconds);
    },
    ...settings,
  });
  const answer = (call: () => Promise<unknown>, orderId?: string, fence = openFence): Promise<string> => {
    state.orders += 1;
    return through(orderId ?? `o-${state.orders}`, fence, () => {
      state.calls += 1;
      return call();
    }).then(
      () => 'done',
      (error: unknown) => (error as Error).name,
    );
  };
  return {
    state,
    answer,
    succeed: () => answer(async () => 'done'),
    fail: (error: Error = new UnavailableError('down'), orderId?: string) =>
      answer(() => Promise.reject(error), orderId),
    /** Starts a call that the test completes. */
    begin() {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      return { ended: answer(() => promise), succeed: resolve, fail: () => reject(new UnavailableError('down')) };
    },
    async open(failures = 5) {
      for (let index = 0; index < failures; index += 1) await this.fail();
    },
  };
}

describe('A closed circuit breaker', () => {
  test('passes every call through and returns its result', async () => {
    const through = circuitBreaker({ downstream: 'gateway' });
    expect(await through('o-1', openFence, async () => 42)).toBe(42);
  });

  test.each([1, 3, 5])('opens after %i failures in a row and not one earlier', async (failures) => {
    const one = breaker({ failures });
    await one.open(failures - 1);
    expect(one.state.transitions).toEqual([]);
    expect(await one.fail()).toBe('UnavailableError');
    expect(one.state.transitions).toEqual(['closed to open']);
  });

  test('opens after five failures by default', async () => {
    const one = breaker();
    await one.open(4);
    expect(one.state.transitions).toEqual([]);
    await one.fail();
    expect(one.state.transitions).toEqual(['closed to open']);
  });

  test('starts counting failures again after a success or an error of another kind', async () => {
    for (const answer of ['succeed', 'refuse'] as const) {
      const one = breaker({ failures: 2 });
      for (let index = 0; index < 5; index += 1) {
        await one.fail();
        if (answer === 'succeed') await one.succeed();
        else expect(await one.fail(new ConflictError('no'))).toBe('ConflictError');
      }
      expect(one.state.transitions).toEqual([]);
    }
  });

  test('never opens on other errors', async () => {
    const one = breaker({ failures: 2 });
    for (const error of [new Error('x'), new TypeError('x'), new ConflictError('no')]) {
      for (let index = 0; index < 5; index += 1) expect(await one.fail(error)).toBe(error.name);
    }
    expect(one.state.transitions).toEqual([]);
  });

  test('counts a call that throws before its first await', async () => {
    const one = breaker({ failures: 1 });
    expect(
      await one.answer(() => {
        throw new UnavailableError('at once');
      }),
    ).toBe('UnavailableError');
    expect(one.state.transitions).toEqual(['closed to open']);
  });
});

const orderCall = fc.record({
  order: fc.nat({ max: 7 }),
  outcome: fc.constantFrom('done', 'down', 'down', 'down', 'down', 'one order'),
});

/** Makes a call for an order, and keeps which orders have failed since the last success. */
async function act(
  one: ReturnType<typeof breaker>,
  failed: Set<number>,
  { order, outcome }: typeof orderCall extends fc.Arbitrary<infer Call> ? Call : never,
): Promise<void> {
  if (outcome === 'done') {
    failed.clear();
    await one.succeed();
  } else if (outcome === 'down') {
    failed.add(order);
    await one.fail(new UnavailableError('down'), `${order}`);
  } else await one.fail(new OneOrderError('a 500'), `${order}`);
}

describe("One order's failure", () => {
  test("does not become everybody's: its retries alone never open the circuit breaker", async () => {
    const one = breaker();
    for (let attempt = 0; attempt < 100; attempt += 1) await one.fail(new UnavailableError('down'), 'o-1');
    expect(one.state.transitions).toEqual([]);
    expect(await one.succeed()).toBe('done');
  });

  test('counts once beside those of others, however often each is retried', async () => {
    const one = breaker();
    for (let attempt = 0; attempt < 10; attempt += 1) {
      for (const orderId of ['o-1', 'o-2', 'o-3', 'o-4']) await one.fail(new UnavailableError('down'), orderId);
    }
    expect(one.state.transitions).toEqual([]);
    await one.fail(new UnavailableError('down'), 'o-5');
    expect(one.state.transitions).toEqual(['closed to open']);
  });

  test('counts again after a success', async () => {
    const one = breaker({ failures: 2 });
    for (let attempt = 0; attempt < 10; attempt += 1) {
      await one.fail(new UnavailableError('down'), 'o-1');
      await one.succeed();
      await one.fail(new UnavailableError('down'), 'o-2');
      await one.succeed();
    }
    expect(one.state.transitions).toEqual([]);
    await one.fail(new UnavailableError('down'), 'o-1');
    await one.fail(new UnavailableError('down'), 'o-2');
    expect(one.state.transitions).toEqual(['closed to open']);
  });

  test('does not count at all where the downstream serves others, and hides no outage either', async () => {
    const one = breaker();
    for (let order = 0; order < 100; order += 1) await one.fail(new OneOrderError('a 500'));
    expect(one.state.transitions).toEqual([]);
    await one.open(4);
    await one.fail(new OneOrderError('a 500'));
    await one.open(1);
    expect(one.state.transitions).toEqual(['closed to open']);
  });

  test('closes the circuit breaker where it meets the probe: the downstream answered', async () => {
    const one = breaker();
    await one.open();
    one.state.seconds = 2;
    expect(await one.fail(new OneOrderError('a 500'))).toBe('OneOrderError');
    expect(one.state.transitions.at(-1)).toBe('half-open to closed');
  });

  test('opens it with any retries in any sequence only if five orders failed since the last success', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(orderCall, { maxLength: 60 }), async (calls) => {
        const one = breaker();
        const failed = new Set<number>();
        for (const call of calls) {
          await act(one, failed, call);
          expect(one.state.transitions).toEqual(failed.size >= 5 ? ['closed to open'] : []);
          if (failed.size >= 5) return;
        }
      }),
    );
  });
});

describe('A call whose invocation ends', () => {
  test('says nothing of the downstream: it neither opens the circuit breaker nor clears its failures', async () => {
    const one = breaker();
    const over = fenceFor(0);
    for (let order = 0; order < 20; order += 1)
      await one.answer(() => Promise.reject(new UnavailableError('aborted')), undefined, over);
    expect(one.state.transitions).toEqual([]);
    await one.open(4);
    await one.answer(() => Promise.reject(new Error('aborted')), undefined, over);
    await one.open(1);
    expect(one.state.transitions).toEqual(['closed to open']);
  });

  test('is no successful probe', async () => {
    const one = breaker();
    await one.open();
    one.state.seconds = 2;
    await one.answer(() => Promise.reject(new Error('aborted')), undefined, fenceFor(0));
    expect(one.state.transitions.at(-1)).toBe('half-open to open');
  });
});

describe('The fence of a call', () => {
  test('closes when the circuit breaker gives the call up, and not before', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const through = circuitBreaker({ downstream: 'gateway', callSeconds: 4 });
    let left: number[] = [];
    const call = through('o-1', openFence, async (fence) => {
      await new Promise((resolve) => setTimeout(resolve, 3_900));
      left = [fence.remainingMs()];
      await new Promise((resolve) => setTimeout(resolve, 200));
      left.push(fence.remainingMs());
      expect(fence.signal.aborted).toBe(true);
    });
    const ended = call.catch((error: unknown) => (error as Error).name);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await ended).toBe('UnknownOutcomeError');
    expect(left).toEqual([100, 0]);
  });

  test('closes when the call has ended: what it left behind does not act', async () => {
    const through = circuitBreaker({ downstream: 'gateway' });
    const fence = await through('o-1', openFence, async (own) => own);
    expect(() => fence.check()).toThrow('ran out of time');
  });
});

describe('An open circuit breaker', () => {
  test('makes no call and fails like an outage', async () => {
    const one = breaker();
    await one.open();
    expect(await one.succeed()).toBe('CircuitOpenError');
    expect(one.state.calls).toBe(5);
    const error = new CircuitOpenError('x');
    expect(error).toBeInstanceOf(UnavailableError);
    expect(failureActionFor(error)).toEqual(failureActionFor(new UnavailableError('x')));
  });

  test('names the downstream in its error, and nothing of the message', async () => {
    const through = circuitBreaker({ downstream: 'payment gateway', failures: 1, now: () => 0 });
    await through('o-1', openFence, () => Promise.reject(new UnavailableError('x'))).catch(() => {});
    await expect(through('o-2', openFence, async () => 1)).rejects.toThrow(
      'The payment gateway keeps failing, so it was not called',
    );
  });

  test('does not count refused calls as failures', async () => {
    const one = breaker({ firstOpenSeconds: 2 });
    await one.open();
    for (let index = 0; index < 20; index += 1) await one.succeed();
    one.state.seconds = 2;
    expect(await one.succeed()).toBe('done');
    expect(one.state.openings).toEqual([2]);
  });

  test.each([
    [0, 1],
    [0.5, 1.5],
    [almostOne, 2],
  ])('stays open for half of its time plus a random part of the other half: %f', async (random, seconds) => {
    const one = breaker({ random: () => random });
    await one.open();
    one.state.seconds = seconds - 0.001;
    expect(await one.succeed()).toBe('CircuitOpenError');
    one.state.seconds = seconds;
    expect(await one.succeed()).toBe('done');
  });

  test('ignores late failures of calls that started before it opened', async () => {
    const one = breaker({ failures: 2 });
    const late = [one.begin(), one.begin(), one.begin(), one.begin()];
    await one.open(2);
    one.state.seconds = 1;
    for (const call of late) call.fail();
    expect(await Promise.all(late.map(({ ended }) => ended))).toEqual(Array(4).fill('UnavailableError'));
    expect(one.state.openings).toEqual([2]);
    one.state.seconds = 2;
    expect(await one.succeed()).toBe('done');
  });
});

describe('A half-open circuit breaker', () => {
  test('lets one probe through and holds other calls until the probe succeeds', async () => {
    const one = breaker();
    await one.open();
    one.state.seconds = 2;
    const probe = one.begin();
    const others = Array.from({ length: 9 }, () => one.succeed());
    await settled();
    expect(one.state.calls).toBe(6);
    probe.succeed();
    expect(await probe.ended).toBe('done');
    expect(await Promise.all(others)).toEqual(Array(9).fill('done'));
    expect(one.state.transitions).toEqual(['closed to open', 'open to half-open', 'half-open to closed']);
  });

  test('refuses the waiting calls without calling the downstream when the probe fails', async () => {
    const one = breaker();
    await one.open();
    one.state.seconds = 2;
    const probe = one.begin();
    const others = Array.from({ length: 9 }, () => one.succeed());
    probe.fail();
    expect(await probe.ended).toBe('UnavailableError');
    expect(await Promise.all(others)).toEqual(Array(9).fill('CircuitOpenError'));
    expect(one.state.calls).toBe(6);
    expect(one.state.openings).toEqual([2, 4]);
  });

  test('lets the waiting calls through when the probe is answered with another error', async () => {
    const one = breaker();
    await one.open();
    one.state.seconds = 2;
    const { promise, reject } = Promise.withResolvers<void>();
    const probe = one.answer(() => promise);
    const others = Array.from({ length: 3 }, () => one.succeed());
    reject(new ConflictError('no'));
    expect(await probe).toBe('ConflictError');
    expect(await Promise.all(others)).toEqual(Array(3).fill('done'));
  });

  test('fails a probe without an answer after ten seconds and releases the waiting calls', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const one = breaker();
    await one.open();
    one.state.seconds = 2;
    const probe = one.begin();
    const other = one.succeed();
    await vi.advanceTimersByTimeAsync(9_999);
    expect(one.state.transitions.at(-1)).toBe('open to half-open');
    await vi.advanceTimersByTimeAsync(1);
    expect(await probe.ended).toBe('UnknownOutcomeError');
    expect(await other).toBe('CircuitOpenError');
    expect(one.state.openings).toEqual([2, 4]);
  });

  test('reports each state change in sequence', async () => {
    const one = breaker();
    await one.open();
    one.state.seconds = 2;
    await one.succeed();
    expect(one.state.transitions).toEqual(['closed to open', 'open to half-open', 'half-open to closed']);
  });

  test('closes when the probe is answered with another error, because the downstream responds', async () => {
    const one = breaker();
    await one.open();
    one.state.seconds = 2;
    expect(await one.fail(new ConflictError('no'))).toBe('ConflictError');
    expect(one.state.transitions.at(-1)).toBe('half-open to closed');
  });

  test('opens again after a failed probe, for twice as long each time up to the maximum', async () => {
    const one = breaker({ firstOpenSeconds: 2, maxOpenSeconds: 10 });
    await one.open();
    for (const seconds of [2, 4, 8, 10, 10]) {
      one.state.seconds += seconds;
      await one.fail();
    }
    expect(one.state.openings).toEqual([2, 4, 8, 10, 10, 10]);
    expect(one.state.calls).toBe(10);
  });

  test('stays open for at most five seconds by default', async () => {
    const one = breaker();
    await one.open();
    for (let index = 0; index < 9; index += 1) {
      one.state.seconds += 60;
      await one.fail();
    }
    expect(one.state.openings).toEqual([2, 4, 5, 5, 5, 5, 5, 5, 5, 5]);
  });

  test('starts with the shortest open time and a full count of failures after a success', async () => {
    const one = breaker({ failures: 3 });
    await one.open(3);
    one.state.seconds = 2;
    await one.fail();
    one.state.seconds = 6;
    await one.succeed();
    await one.open(2);
    expect(one.state.openings).toEqual([2, 4]);
    await one.fail();
    expect(one.state.openings).toEqual([2, 4, 2]);
  });

  test('recovers after any sequence of outcomes once the downstream is back', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ waits: fc.nat({ max: 90 }), outcome: fc.constantFrom('done', 'down', 'refused') }), {
          maxLength: 40,
        }),
        async (past) => {
          const one = breaker({ failures: 3 });
          for (const { waits, outcome } of past) {
            one.state.seconds += waits;
            if (outcome === 'done') await one.succeed();
            else await one.fail(outcome === 'down' ? new UnavailableError('x') : new ConflictError('x'));
          }
          one.state.seconds += 60;
          expect([await one.succeed(), await one.succeed()]).toEqual(['done', 'done']);
          // Each transition starts in the state the previous one ended in.
          one.state.transitions.reduce((state, transition) => {
            const [from, to = ''] = transition.split(' to ');
            expect(from).toBe(state);
            return to;
          }, 'closed');
        },
      ),
      { numRuns: 300 },
    );
  });

  test('calls a failing downstream once every 5 seconds instead of once per message', async () => {
    const one = breaker();
    for (let second = 0; second < 3_600; second += 1) {
      one.state.seconds = second;
      await one.fail();
    }
    expect(one.state.calls).toBeLessThan(5 + 5 + 3_600 / 5);
  });
});

describe('A call that started before the circuit breaker opened', () => {
  test('changes nothing when it fails during the probe', async () => {
    const one = breaker({ failures: 2 });
    const late = one.begin();
    await one.open(2);
    one.state.seconds = 2;
    const probe = one.begin();
    late.fail();
    await late.ended;
    expect(one.state.openings).toEqual([2]);
    expect(one.state.transitions.at(-1)).toBe('open to half-open');
    probe.succeed();
    await probe.ended;
    expect(await one.succeed()).toBe('done');
  });

  test('does not close the circuit breaker when it succeeds late', async () => {
    const one = breaker({ failures: 2 });
    const late = one.begin();
    await one.open(2);
    late.succeed();
    expect(await late.ended).toBe('done');
    expect(one.state.transitions).toEqual(['closed to open']);
  });

  test('does not release a second probe', async () => {
    const one = breaker({ failures: 2 });
    const late = one.begin();
    await one.open(2);
    one.state.seconds = 2;
    one.begin();
    late.fail();
    await late.ended;
    one.state.seconds = 60;
    const calls = one.state.calls;
    void one.succeed();
    await settled();
    expect(one.state.calls).toBe(calls);
  });
});

describe('A circuit breaker transition', () => {
  test.each([
    ['closed', 'open', 1, 4],
    ['open', 'half-open', 0.5, undefined],
    ['half-open', 'closed', 0, undefined],
  ] as const)('from %s to %s writes a log line and a metric of the consumer', (from, to, value, openSeconds) => {
    logBreakerTransitions('notification')({
      downstream: 'SMS',
      from,
      to,
      ...(openSeconds === undefined ? {} : { openSeconds }),
    });
    const lines = log.lines.map((line) => JSON.parse(line));
    expect(lines).toEqual([
      expect.objectContaining({
        level: 'WARN',
        message: `circuit breaker of SMS: ${from} to ${to}${openSeconds === undefined ? '' : ' for about 4 s'}`,
        consumer: 'notification',
        downstream: 'SMS',
        CircuitBreakerOpen: value,
      }),
    ]);
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    const [{ _aws: metric }] = lines;
    expect(metric.Timestamp).toBeGreaterThan(Date.UTC(2020, 0));
    expect(metric.CloudWatchMetrics).toEqual([
      {
        Namespace: 'ShopMessaging',
        Dimensions: [['consumer']],
        Metrics: [{ Name: 'CircuitBreakerOpen', Unit: 'None' }],
      },
    ]);
  });
});
