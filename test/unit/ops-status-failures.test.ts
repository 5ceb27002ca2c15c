import { describe, expect, test } from 'vitest';
import { logLine } from '../../lambdas/runtime/log.ts';
import { failureCause, newestFailure, parseFunctionFailure } from '../../ops/function-failures.ts';
import { nextTry, waitingSince } from '../../ops/function-log.ts';
import { type ConsumerStatus, problemsOf, type ShopStatus, statusDocument } from '../../ops/status/health.ts';
import { statusReport } from '../../ops/status/report.ts';
import { consumerStatus, shopStatus } from '../builders/shop-status.ts';

const now = new Date('2026-11-21T09:00:00.000Z');
const at = (seconds: number) => new Date(now.getTime() + seconds * 1_000).toISOString();
const logged = (text: string, seconds = -10) => ({ time: Date.parse(at(seconds)), text });

const missing = 'The environment variable TABLE_NAME is not set; the stack sets it.';
const cannotStart = (seconds = -10) =>
  logged(
    logLine(
      'ERROR',
      'the function cannot start',
      { consumer: 'payment', errorType: 'Error', errorMessage: missing },
      at(seconds),
    ),
    seconds,
  );
const retried = (seconds: number, retryInSeconds?: number) =>
  logged(
    logLine(
      'WARN',
      'will be tried again',
      {
        errorType: 'UnavailableError',
        errorMessage: 'down',
        ...(retryInSeconds === undefined ? {} : { retryInSeconds }),
      },
      at(seconds),
    ),
    seconds,
  );
const importError = logged(
  `2026-11-21T08:59:50.000Z\tundefined\tERROR\tUncaught Exception \t{"errorType":"Runtime.ImportModuleError","errorMessage":"Error: Cannot find module 'x'","stack":["Runtime.ImportModuleError: …"]}`,
);
const invokeError = logged(
  '2026-11-21T08:59:50.000Z\t5000f9e6-ce4b-423b-80f4-575cfc83b490\tERROR\tInvoke Error \t{"errorType":"AccessDenied","errorMessage":"no"}',
);

describe('The oldest message that is tried again', () => {
  const attempt = (messageId: string, seconds: number, parts: object) =>
    logged(
      logLine('WARN', 'will be tried again', { errorType: 'E', messageId, tookMs: 1_000, ...parts }, at(seconds)),
      seconds,
    );
  const dead = logged(
    logLine('ERROR', 'dead-lettered', { errorType: 'E', messageId: 'm-2', tookMs: 0, waitedMs: 900_000 }, at(-1)),
    -1,
  );

  test('was sent when its latest attempt says, whichever was tried last', () => {
    const lines = [
      attempt('m-1', -400, { waitedMs: 199_000, retryInSeconds: 300 }),
      attempt('m-1', -100, { waitedMs: 499_000, retryInSeconds: 600 }),
      attempt('m-3', -10, { waitedMs: 9_000, retryInSeconds: 20 }),
    ];
    expect(waitingSince(lines, now)).toBe(at(-600));
  });

  test.each([
    ['was given up', [attempt('m-2', -20, { waitedMs: 900_000, retryInSeconds: 60 }), dead]],
    ['has been due for long, so that it may be done', [attempt('m-4', -100, { waitedMs: 1, retryInSeconds: 60 })]],
    ['is that of another line', [cannotStart(), importError, logged('no JSON')]],
  ])('is unknown where it %s', (_, lines) => {
    expect(waitingSince(lines, now)).toBeUndefined();
  });
});

describe('A function’s failure', () => {
  test('is read from its own line', () => {
    expect(parseFunctionFailure(cannotStart())).toEqual({
      time: at(-10),
      cannotStart: true,
      errorType: 'Error',
      errorMessage: missing,
    });
  });

  test.each([
    [
      'an error before any of its code runs',
      importError,
      true,
      "Runtime.ImportModuleError: Error: Cannot find module 'x'",
    ],
    ['what its handler throws', invokeError, false, 'AccessDenied: no'],
    [
      'a time-out',
      logged('2026-11-21T08:59:50.000Z 5000f9e6 Task timed out after 30.03 seconds'),
      false,
      'Sandbox.Timedout: Task timed out after 30.03 seconds',
    ],
    [
      'a killed process',
      logged('RequestId: 5000f9e6 Error: Runtime exited with error: signal: killed'),
      false,
      'Runtime.ExitError: Runtime exited with error: signal: killed',
    ],
  ])('is read from what Lambda writes: %s', (_, line, atStart, cause) => {
    const failure = parseFunctionFailure(line);
    expect(failure).toMatchObject({ time: at(-10), cannotStart: atStart });
    expect(failure && failureCause(failure)).toBe(cause);
  });

  test('is not what an attempt at a message came to, nor a line that is no JSON', () => {
    for (const line of [retried(-5, 30), logged('{"errorType":'), logged('START RequestId: errorType')]) {
      expect(parseFunctionFailure(line)).toBeUndefined();
    }
  });

  test('is the newest, and rather its cause than what Lambda makes of it', () => {
    expect(newestFailure([cannotStart(-90), cannotStart(-10), invokeError])).toMatchObject({
      time: at(-10),
      cannotStart: true,
    });
    expect(newestFailure([retried(-5, 30)])).toBeUndefined();
  });
});

describe('The next try', () => {
  test('is the first that is still to come of those that the log announces', () => {
    expect(nextTry([retried(-60, 300), retried(-30, 70), retried(-20, 5)], now, 180)).toBe(at(40));
  });

  test('of what a failing function received comes after the visibility timeout', () => {
    expect(nextTry([cannotStart(-200), cannotStart(-90), cannotStart(-10)], now, 180)).toBe(at(90));
  });

  test('is unknown where none is to come, or the delay could not be set', () => {
    expect(nextTry([], now, 180)).toBeNull();
    expect(nextTry([retried(-20, 5), retried(-20)], now, 180)).toBeNull();
  });
});

const statusWith = (payment: Partial<ConsumerStatus>, shop: Partial<ShopStatus> = {}): ShopStatus =>
  shopStatus([consumerStatus('payment', { inFlight: 2, oldestSeconds: 12, ...payment })], {
    orders: { PLACED: 1, CONFIRMED: 0, CANCELLED: 0 },
    oldestOrder: 'o-1',
    ...shop,
  });
const failure = parseFunctionFailure(cannotStart()) ?? null;

describe('The status', () => {
  test('names the function that cannot start, the cause and the next try', () => {
    const status = statusWith({ failure, nextTryAt: at(170), functionErrors: 1 });
    expect(problemsOf(status, now)).toEqual([
      {
        consumer: 'payment',
        state: 'cannot start',
        sentence:
          'its function cannot start (The environment variable TABLE_NAME is not set; the stack sets it), 2 messages not done, the oldest for 12 s, the next try in 3 min',
        next: 'read docs/runbook/function-errors.md',
      },
    ]);
    expect(statusReport(status, now)).toMatch(/✗ {2}payment.* cannot start\n/);
    expect(statusDocument(status)).toMatchObject({
      ok: false,
      consumers: [{ name: 'payment', nextTryAt: at(170), failure: { cannotStart: true, errorMessage: missing } }],
    });
  });

  test('says of a consumer that is switched off that it is, whatever its function did', () => {
    const off = statusWith({ failure, mapping: { enabled: false, concurrency: 10 } });
    expect(problemsOf(off, now)).toMatchObject([{ state: 'switched off' }]);
  });

  test('names a function that dies otherwise', () => {
    const killed =
      parseFunctionFailure(logged('RequestId: 5 Error: Runtime exited with error: signal: killed')) ?? null;
    expect(problemsOf(statusWith({ failure: killed }), now)).toMatchObject([
      {
        state: 'function fails',
        sentence: expect.stringContaining('(Runtime.ExitError: Runtime exited with error: signal: killed)'),
      },
    ]);
  });

  test('names the sweep, which has no queue', () => {
    const status = statusWith({}, { sweep: { nextTryAt: null, failure } });
    expect(statusDocument(status)).toMatchObject({
      ok: false,
      problems: [{ consumer: 'sweep', state: 'cannot start' }],
    });
  });

  test('says when messages of a consumer without a problem are tried again', () => {
    const status = statusWith({ nextTryAt: at(40) });
    expect(problemsOf(status, now)).toEqual([]);
    const [head = '', row = ''] = statusReport(status, now).split('\n');
    expect(row.slice(head.indexOf('next try'))).toMatch(/^in 40 s/);
    expect(statusReport(statusWith({ nextTryAt: at(-1) }), now)).toMatch(/payment.* now /);
  });

  test('says so where the logs could not be read', () => {
    expect(statusReport(statusWith({ logError: 'not allowed' }), now)).toContain('are unknown: not allowed');
  });
});
