import { describe, expect, test } from 'vitest';
import { logLine } from '../../../lambdas/runtime/log.ts';
import { concerns, type LogEntry, parseEntries } from '../../../ops/logs/entry.ts';

const AT = Date.parse('2026-11-21T09:00:00.500Z');
const time = '2026-11-21T09:00:00.061Z';
const parse = (text: string): LogEntry[] => parseEntries({ functionName: 'payment', time: AT, text });

test('A try keeps all that its line says, and gets the name of its function', () => {
  const fields = { orderId: 'o-1', messageId: 'm-1', attempt: 2, waitedMs: 10, tookMs: 36 };
  expect(parse(logLine('INFO', 'done', fields, time))).toEqual([
    { function: 'payment', level: 'INFO', time, message: 'done', ...fields },
  ]);
});

test('Several lines that were written at once are several entries', () => {
  const text = `${logLine('INFO', 'done', {}, time)}\n${logLine('WARN', 'will be tried again', {}, time)}\n`;
  expect(parse(text).map(({ message }) => message)).toEqual(['done', 'will be tried again']);
});

test('Metrics are left out, other lines with metrics are not', () => {
  const _aws = { Timestamp: 1, CloudWatchMetrics: [] };
  expect(parse(JSON.stringify({ level: 'INFO', time, message: 'batch', Done: 2, _aws }))).toEqual([]);
  expect(parse(JSON.stringify({ consumer: 'payment', Waited: [1], _aws }))).toEqual([]);
  const failure = { errorType: 'TypeError', errorMessage: 'x', StartFailed: 1, _aws };
  expect(parse(logLine('ERROR', 'the function cannot start', failure, time))).toEqual([
    expect.objectContaining({ message: 'the function cannot start', errorType: 'TypeError' }),
  ]);
});

test.each([
  'START RequestId: 0132e9ac Version: $LATEST',
  'END RequestId: 0132e9ac',
  'REPORT RequestId: 0132e9ac\tDuration: 1159 ms\tBilled Duration: 1159 ms\tMemory Size: 512 MB',
  'INIT_START Runtime Version: nodejs:24.v1\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:1',
  '(node:18487) [DEP0169] DeprecationWarning: `url.parse()` behavior is not standardized',
  '(Use `node --trace-deprecation ...` to show where the warning was created)',
  '',
])('No entry: %s', (line) => {
  expect(parse(line)).toEqual([]);
});

describe('A failure that no line of the function tells', () => {
  test('a timeout', () => {
    const [entry] = parse('2026-11-21T09:00:00.400Z 0132e9ac-bcc7 Task timed out after 30.03 seconds\n\n');
    expect(entry).toMatchObject({ errorType: 'Sandbox.Timedout', errorMessage: 'Task timed out after 30.03 seconds' });
    expect(entry?.time).toBe('2026-11-21T09:00:00.500Z');
  });

  test('an error of the runtime, with its stack and without a phone number', () => {
    const error = {
      errorType: 'TypeError',
      errorMessage: 'cannot text +821012345678',
      stack: ['TypeError: cannot text +821012345678', '    at send (/var/task/lambdas/notification/sms.ts:7:1)'],
    };
    const line = `2026-11-21T09:00:00.400Z\t0132e9ac\tERROR\tInvoke Error \t${JSON.stringify(error)}`;
    expect(parse(line)).toEqual([
      {
        function: 'payment',
        time: '2026-11-21T09:00:00.500Z',
        level: 'ERROR',
        message: 'the invocation failed',
        errorType: 'TypeError',
        errorMessage: 'cannot text +…',
        stackTrace: ['at send (lambdas/notification/sms.ts:7:1)'],
      },
    ]);
  });

  test('an error while the module is loaded', () => {
    const line = `2026-11-21T09:00:00.400Z\tundefined\tERROR\tUncaught Exception \t{"errorType":"RangeError","errorMessage":"no such thing"}`;
    expect(parse(line)).toEqual([
      expect.objectContaining({ message: 'the function cannot start', errorType: 'RangeError' }),
    ]);
  });

  test('in the report of an invocation or of the start', () => {
    expect(parse('REPORT RequestId: 0132\tDuration: 3 ms\tStatus: error\tError Type: Runtime.OutOfMemory')).toEqual([
      expect.objectContaining({ level: 'ERROR', message: 'the invocation ended with error: Runtime.OutOfMemory' }),
    ]);
    expect(parse('INIT_REPORT Init Duration: 9999 ms\tPhase: init\tStatus: timeout')).toEqual([
      expect.objectContaining({ message: 'the start ended with timeout' }),
    ]);
  });
});

test('What a function prints by itself is shown, its continuation with it, and phone numbers are not', () => {
  expect(parse('2026-11-21T09:00:00.400Z\t0132e9ac\tINFO\tcalling +821012345678')).toEqual([
    { function: 'payment', time: '2026-11-21T09:00:00.500Z', message: 'calling +…' },
  ]);
  expect(parse('Error: no\n    at one\n    at two\nnext').map(({ message }) => message)).toEqual([
    'Error: no\n    at one\n    at two',
    'next',
  ]);
  expect(parse('{"mine":1}').map(({ message }) => message)).toEqual(['{"mine":1}']);
});

test('Of an order are the lines that have its id, and those that name it in words', () => {
  const select = (text: string) => parse(text).some(concerns('o-1'));
  expect(select(logLine('INFO', 'done', { orderId: 'o-1' }, time))).toBe(true);
  expect(select(logLine('INFO', 'done', { orderId: 'o-12' }, time))).toBe(false);
  expect(select('looking at o-1')).toBe(true);
  expect(select('looking at o-2')).toBe(false);
});
