import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { logBreakerTransitions } from '../../../lambdas/runtime/breaker-log.ts';
import {
  type BreakerSettings,
  type BreakerTransition,
  CircuitOpenError,
  circuitBreaker,
} from '../../../lambdas/runtime/circuit-breaker.ts';
import { ConflictError, UnavailableError } from '../../../lambdas/runtime/failure.ts';
import { failureActionFor } from '../../../lambdas/runtime/retry-policy.ts';
import { quietLog } from '../../builders/quiet-log.ts';

const log = quietLog();

/** Lets everything happen that can without waiting. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

const almostOne = 1 - Number.EPSILON;

/** A breaker with a clock of its own, before a downstream that can be down; by default it opens for its full time. */
function breaker(settings: Partial<BreakerSettings> = {}) {
  const world = { seconds: 0, calls: 0, transitions: [] as string[], openings: [] as (number | undefined)[] };
  const through = circuitBreaker({
    downstream: 'gateway',
    now: () => world.seconds * 1000,
    random: () => almostOne,
    onTransition: ({ from, to, openSeconds }: BreakerTransition) => {
      world.transitions.push(`${from} to ${to}`);
      if (to === 'open') world.openings.push(openSeconds);
    },
    ...settings,
  });
  const answer = (call: () => Promise<unknown>): Promise<string> =>
    through(() => {
      world.calls += 1;
      return call();
    }).then(
      () => 'done',
      (error: unknown) => (error as Error).name,
    );
  return {
    world,
    answer,
    succeed: () => answer(async () => 'done'),
    fail: (error: Error = new UnavailableError('down')) => answer(() => Promise.reject(error)),
    /** A call whose end the test decides. */
    begin() {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      return { ended: answer(() => promise), succeed: resolve, fail: () => reject(new UnavailableError('down')) };
    },
    async open(failures = 5) {
      for (let index = 0; index < failures; index += 1) await this.fail();
    },
  };
}

describe('While the downstream answers', () => {
  test('every call goes through, and its answer comes back', async () => {
    const through = circuitBreaker({ downstream: 'gateway' });
    expect(await through(async () => 42)).toBe(42);
  });

  test.each([1, 3, 5])('%i failures in a row open it, and one fewer does not', async (failures) => {
    const one = breaker({ failures });
    await one.open(failures - 1);
    expect(one.world.transitions).toEqual([]);
    expect(await one.fail()).toBe('UnavailableError');
    expect(one.world.transitions).toEqual(['closed to open']);
  });

  test('five failures open it where nothing else is said', async () => {
    const one = breaker();
    await one.open(4);
    expect(one.world.transitions).toEqual([]);
    await one.fail();
    expect(one.world.transitions).toEqual(['closed to open']);
  });

  test('failures with an answer in between are not in a row, whether the answer was a success or another error', async () => {
    for (const answer of ['succeed', 'refuse'] as const) {
      const one = breaker({ failures: 2 });
      for (let index = 0; index < 5; index += 1) {
        await one.fail();
        if (answer === 'succeed') await one.succeed();
        else expect(await one.fail(new ConflictError('no'))).toBe('ConflictError');
      }
      expect(one.world.transitions).toEqual([]);
    }
  });

  test('other errors never open it, however many', async () => {
    const one = breaker({ failures: 2 });
    for (const error of [new Error('x'), new TypeError('x'), new ConflictError('no')]) {
      for (let index = 0; index < 5; index += 1) expect(await one.fail(error)).toBe(error.name);
    }
    expect(one.world.transitions).toEqual([]);
  });

  test('a call that throws before its first await counts like any other', async () => {
    const one = breaker({ failures: 1 });
    expect(
      await one.answer(() => {
        throw new UnavailableError('at once');
      }),
    ).toBe('UnavailableError');
    expect(one.world.transitions).toEqual(['closed to open']);
  });
});

describe('While it is open', () => {
  test('no call is made; the message is tried again as after any outage', async () => {
    const one = breaker();
    await one.open();
    expect(await one.succeed()).toBe('CircuitOpenError');
    expect(one.world.calls).toBe(5);
    const error = new CircuitOpenError('x');
    expect(error).toBeInstanceOf(UnavailableError);
    expect(failureActionFor(error)).toEqual(failureActionFor(new UnavailableError('x')));
  });

  test('says whom it protects, and nothing of the message', async () => {
    const through = circuitBreaker({ downstream: 'payment gateway', failures: 1, now: () => 0 });
    await through(() => Promise.reject(new UnavailableError('x'))).catch(() => {});
    await expect(through(async () => 1)).rejects.toThrow('The payment gateway keeps failing, so it was not called');
  });

  test('the refused calls do not count as failures: they do not keep it open', async () => {
    const one = breaker({ firstOpenSeconds: 2 });
    await one.open();
    for (let index = 0; index < 20; index += 1) await one.succeed();
    one.world.seconds = 2;
    expect(await one.succeed()).toBe('done');
    expect(one.world.openings).toEqual([2]);
  });

  test.each([
    [0, 1],
    [0.5, 1.5],
    [almostOne, 2],
  ])('it stays so for half of its time and a random part of the other half: %f', async (random, seconds) => {
    const one = breaker({ random: () => random });
    await one.open();
    one.world.seconds = seconds - 0.001;
    expect(await one.succeed()).toBe('CircuitOpenError');
    one.world.seconds = seconds;
    expect(await one.succeed()).toBe('done');
  });

  test('calls that were under way when it opened fail late and change nothing', async () => {
    const one = breaker({ failures: 2 });
    const late = [one.begin(), one.begin(), one.begin(), one.begin()];
    await one.open(2);
    one.world.seconds = 1;
    for (const call of late) call.fail();
    expect(await Promise.all(late.map(({ ended }) => ended))).toEqual(Array(4).fill('UnavailableError'));
    expect(one.world.openings).toEqual([2]);
    one.world.seconds = 2;
    expect(await one.succeed()).toBe('done');
  });
});

describe('When its time is over', () => {
  test('exactly one call is let through, and the others wait for what it finds: they follow it', async () => {
    const one = breaker();
    await one.open();
    one.world.seconds = 2;
    const probe = one.begin();
    const others = Array.from({ length: 9 }, () => one.succeed());
    await settled();
    expect(one.world.calls).toBe(6);
    probe.succeed();
    expect(await probe.ended).toBe('done');
    expect(await Promise.all(others)).toEqual(Array(9).fill('done'));
    expect(one.world.transitions).toEqual(['closed to open', 'open to half-open', 'half-open to closed']);
  });

  test('or they are refused with it, without a call', async () => {
    const one = breaker();
    await one.open();
    one.world.seconds = 2;
    const probe = one.begin();
    const others = Array.from({ length: 9 }, () => one.succeed());
    probe.fail();
    expect(await probe.ended).toBe('UnavailableError');
    expect(await Promise.all(others)).toEqual(Array(9).fill('CircuitOpenError'));
    expect(one.world.calls).toBe(6);
    expect(one.world.openings).toEqual([2, 4]);
  });

  test('a probe that is answered with a refusal lets the others through as well', async () => {
    const one = breaker();
    await one.open();
    one.world.seconds = 2;
    const { promise, reject } = Promise.withResolvers<void>();
    const probe = one.answer(() => promise);
    const others = Array.from({ length: 3 }, () => one.succeed());
    reject(new ConflictError('no'));
    expect(await probe).toBe('ConflictError');
    expect(await Promise.all(others)).toEqual(Array(3).fill('done'));
  });

  test('a probe that is never answered counts as failed after ten seconds, and keeps nobody waiting for longer', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const one = breaker();
    await one.open();
    one.world.seconds = 2;
    const probe = one.begin();
    const other = one.succeed();
    await vi.advanceTimersByTimeAsync(9_999);
    expect(one.world.transitions.at(-1)).toBe('open to half-open');
    await vi.advanceTimersByTimeAsync(1);
    expect(await probe.ended).toBe('UnknownOutcomeError');
    expect(await other).toBe('CircuitOpenError');
    expect(one.world.openings).toEqual([2, 4]);
  });

  test('the state at the end of a probe is the one the log was told', async () => {
    const one = breaker();
    await one.open();
    one.world.seconds = 2;
    await one.succeed();
    expect(one.world.transitions).toEqual(['closed to open', 'open to half-open', 'half-open to closed']);
  });

  test('a probe that is answered with another error closes it: the downstream is there', async () => {
    const one = breaker();
    await one.open();
    one.world.seconds = 2;
    expect(await one.fail(new ConflictError('no'))).toBe('ConflictError');
    expect(one.world.transitions.at(-1)).toBe('half-open to closed');
  });

  test('one probe that fails opens it again, for twice as long each time, up to a ceiling', async () => {
    const one = breaker({ firstOpenSeconds: 2, maxOpenSeconds: 10 });
    await one.open();
    for (const seconds of [2, 4, 8, 10, 10]) {
      one.world.seconds += seconds;
      await one.fail();
    }
    expect(one.world.openings).toEqual([2, 4, 8, 10, 10, 10]);
    expect(one.world.calls).toBe(10);
  });

  test('five seconds are the ceiling where nothing else is said', async () => {
    const one = breaker();
    await one.open();
    for (let index = 0; index < 9; index += 1) {
      one.world.seconds += 60;
      await one.fail();
    }
    expect(one.world.openings).toEqual([2, 4, 5, 5, 5, 5, 5, 5, 5, 5]);
  });

  test('one success makes it begin with a short time and a full count of failures again', async () => {
    const one = breaker({ failures: 3 });
    await one.open(3);
    one.world.seconds = 2;
    await one.fail();
    one.world.seconds = 6;
    await one.succeed();
    await one.open(2);
    expect(one.world.openings).toEqual([2, 4]);
    await one.fail();
    expect(one.world.openings).toEqual([2, 4, 2]);
  });

  test('it recovers by itself, whatever happened: once the downstream is back for good, calls go through', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ waits: fc.nat({ max: 90 }), outcome: fc.constantFrom('done', 'down', 'refused') }), {
          maxLength: 40,
        }),
        async (past) => {
          const one = breaker({ failures: 3 });
          for (const { waits, outcome } of past) {
            one.world.seconds += waits;
            if (outcome === 'done') await one.succeed();
            else await one.fail(outcome === 'down' ? new UnavailableError('x') : new ConflictError('x'));
          }
          one.world.seconds += 60;
          expect([await one.succeed(), await one.succeed()]).toEqual(['done', 'done']);
          // Each transition begins where the one before it ended.
          one.world.transitions.reduce((state, transition) => {
            const [from, to = ''] = transition.split(' to ');
            expect(from).toBe(state);
            return to;
          }, 'closed');
        },
      ),
      { numRuns: 300 },
    );
  });

  test('an outage costs the downstream a call every 5 seconds, not one per message', async () => {
    const one = breaker();
    for (let second = 0; second < 3_600; second += 1) {
      one.world.seconds = second;
      await one.fail();
    }
    expect(one.world.calls).toBeLessThan(5 + 5 + 3_600 / 5);
  });
});

describe('A call that was under way when it opened', () => {
  test('and fails while the probe is under way changes nothing: the probe decides', async () => {
    const one = breaker({ failures: 2 });
    const late = one.begin();
    await one.open(2);
    one.world.seconds = 2;
    const probe = one.begin();
    late.fail();
    await late.ended;
    expect(one.world.openings).toEqual([2]);
    expect(one.world.transitions.at(-1)).toBe('open to half-open');
    probe.succeed();
    await probe.ended;
    expect(await one.succeed()).toBe('done');
  });

  test('and succeeds late does not close it: it may have been answered before the outage', async () => {
    const one = breaker({ failures: 2 });
    const late = one.begin();
    await one.open(2);
    late.succeed();
    expect(await late.ended).toBe('done');
    expect(one.world.transitions).toEqual(['closed to open']);
  });

  test('does not let a second probe out beside the first', async () => {
    const one = breaker({ failures: 2 });
    const late = one.begin();
    await one.open(2);
    one.world.seconds = 2;
    one.begin();
    late.fail();
    await late.ended;
    one.world.seconds = 60;
    const calls = one.world.calls;
    void one.succeed();
    await settled();
    expect(one.world.calls).toBe(calls);
  });
});

describe('A transition', () => {
  test.each([
    ['closed', 'open', 1, 4],
    ['open', 'half-open', 0.5, undefined],
    ['half-open', 'closed', 0, undefined],
  ] as const)('from %s to %s is a log line and a metric of the consumer', (from, to, value, openSeconds) => {
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
