import { describe, expect, test } from 'vitest';
import { displayWidth } from '../../../ops/display-width.ts';
import { WHOLE } from '../../../ops/layout.ts';
import type { LogEntry } from '../../../ops/logs/entry.ts';
import { entryFormatter } from '../../../ops/logs/format.ts';

const entry: LogEntry = {
  function: 'notification',
  time: '2026-11-21T09:00:00.061Z',
  message: 'will be tried again',
  orderId: 'o-01M8EDJ90HH7PVWZCKCBG93V54',
  eventType: 'shop.order.placed.v1',
  attempt: 12,
  waitedMs: 119_940,
  tookMs: 29_940,
  retryInSeconds: 900,
  errorType: 'TypeError',
  errorMessage:
    'Cannot read properties of undefined, which is said at such a length that no terminal takes it in one line',
  stackTrace: ['at readRecords (lambdas/runtime/consume.ts:129:24)'],
};
const korean = { ...entry, orderId: '주문-2026-11-21-서울-강남-0001-두번째' };
const line: LogEntry = {
  function: 'sweep',
  time: entry.time,
  message: 'found 0 orders past their deadline, 0 to be reminded of, and 0 that owe something: all is well\nsecond',
};

describe.each([80, 100, 120])('At %i columns', (width) => {
  test.each([true, false])('nothing is wider (with the function: %s)', (showsFunction) => {
    const { head, format } = entryFormatter({ width }, showsFunction);
    for (const text of [head, format(entry), format(korean), format(line)]) {
      for (const one of text.split('\n')) expect(displayWidth(one), one).toBeLessThanOrEqual(width);
    }
  });

  test('the error is there in full', () => {
    const text = entryFormatter({ width }, true).format(entry).replaceAll(/\s+/g, ' ');
    expect(text).toContain(`TypeError: ${entry.errorMessage} (tried again in 900 s)`);
    expect(text).toContain('at readRecords (lambdas/runtime/consume.ts:129:24)');
  });
});

test('At 80 columns a try is one line with all it came to', () => {
  const { head, format } = entryFormatter({ width: 80 }, true);
  const { errorType: _, errorMessage: __, ...good } = entry;
  expect(`${head}\n${format({ ...good, message: 'done' })}`).toBe(
    [
      'time     function     ended event            order           try waited  took',
      '09:00:00 notification done  order.placed     o-01M8E…BG93V54 12  119.9 s 29.9 s',
    ].join('\n'),
  );
});

test('A line that does not fit goes on below its beginning', () => {
  expect(entryFormatter({ width: 80 }, true).format(line)).toBe(
    [
      '09:00:00 sweep        found 0 orders past their deadline, 0 to be reminded of,',
      '                      and 0 that owe something: all is well',
      '                      second',
    ].join('\n'),
  );
});

test('Without a limit everything is whole', () => {
  const text = entryFormatter(WHOLE, true).format({
    ...entry,
    messageId: 'm-1',
    published: ['shop.order.confirmed.v1'],
  });
  expect(text).toMatch(/shop\.order\.placed\.v1 +o-01M8EDJ90HH7PVWZCKCBG93V54 .* m-1 +shop\.order\.confirmed\.v1\n/);
});
