import { describe, expect, test } from 'vitest';
import type { Column } from '../../../ops/columns.ts';
import { cutEnd, cutMiddle, displayWidth, splitAtWidth } from '../../../ops/display-width.ts';
import { formatTime, table } from '../../../ops/format.ts';
import { layoutFor, showEverything, WHOLE } from '../../../ops/layout.ts';

const ORDER = `gid://shopify/Order/5/${'8812'.repeat(25)}-end`;
const REASON =
  '전화번호는 E.164 형식이어야 합니다: must be an E.164 number such as +821012345678, and was something else';
const columns: Column[] = [
  { title: 'order', fit: 'middle', least: 20 },
  { title: 'count' },
  { title: 'reason', fit: 'wrap' },
  { title: 'last', rank: 1 },
  { title: 'message', rank: 2, fit: 'middle', least: 36 },
];
const rows = [[ORDER, 1_234_567, REASON, '3 min ago', '5fea7756-0ea4-451a-a703-a558b933e274']];
const widest = (text: string) => Math.max(...text.split('\n').map(displayWidth));

describe('A table', () => {
  test.each([60, 80, 100, 120, 200])('of long ids and Korean sentences is no wider than %i columns', (width) => {
    expect(widest(table(columns, rows, { width }))).toBeLessThanOrEqual(width);
  });

  test('leaves out the columns of the highest rank first, and says that it did', () => {
    const shown = (width: number) => {
      let cuts = 0;
      const [head = ''] = table(columns, rows, { width, onCut: () => (cuts += 1) }).split('\n');
      return { head: head.split(/\s+/), cuts };
    };
    expect(shown(70)).toEqual({ head: ['order', 'count', 'reason', 'last'], cuts: 1 });
    expect(shown(60)).toEqual({ head: ['order', 'count', 'reason'], cuts: 1 });
    expect(shown(400)).toEqual({ head: ['order', 'count', 'reason', 'last', 'message'], cuts: 0 });
  });

  test('keeps both ends of an id, and the whole of one that fits at the cost of a sentence', () => {
    expect(table(columns, rows, { width: 80 })).toMatch(/gid:\/\/sho\S*…\S*-end/);
    const id = 'gid://shopify/Order/5123456789012';
    expect(table(columns, [[id, 1, REASON.repeat(3), '', '']], { width: 80 })).toContain(id);
  });

  test('never cuts a number, nor anything where there is no limit', () => {
    expect(table(columns, rows, { width: 80 })).toContain('1234567');
    expect(table(columns, rows, WHOLE)).toContain(`${ORDER}  1234567  ${REASON}  3 min ago`);
  });

  test('continues a sentence below for three lines at most', () => {
    const text = table(['a', { title: 'why', fit: 'wrap' }], [['b', 'word '.repeat(100)]], { width: 40 });
    expect(text.split('\n')).toHaveLength(4);
    expect(text).toMatch(/…$/);
  });
});

test('A wide character counts as two, whether one counts, splits or cuts', () => {
  expect(displayWidth('주문 a')).toBe(6);
  expect(splitAtWidth('주문번호', 5)).toEqual(['주문', '번호']);
  expect(cutEnd('주문번호', 6)).toBe('주문…');
  expect(cutMiddle('가나다라마바사', 9)).toBe('가나…바사');
  expect(cutMiddle('abcdefghij', 7)).toBe('abc…hij');
});

test('A time says how long ago it was, and when it was where values are whole', () => {
  const now = new Date('2026-11-21T09:00:00Z');
  const shown = (time: string) => formatTime(time, { width: 80 }, now);
  expect(shown('2026-11-21T08:57:00Z')).toBe('3 min ago');
  expect(shown('2026-11-21T09:00:30Z')).toBe('in 30 s');
  expect(shown('2026-11-11T09:00:00Z')).toBe('10 days ago');
  expect(shown('2026-11-21T09:00:00.400Z')).toBe('now');
  expect(shown('unknown')).toBe('unknown');
  expect(formatTime('2026-11-21T08:57:00Z', WHOLE, now)).toBe('2026-11-21T08:57:00Z');
});

test('A layout is as wide as the terminal, or as COLUMNS says; a pipe has no limit, nor has --wide', () => {
  expect(layoutFor({ isTTY: true, columns: 100 }, { COLUMNS: '80' }).width).toBe(100);
  expect(layoutFor({}, { COLUMNS: '80' }).width).toBe(80);
  expect(layoutFor({ isTTY: true, columns: 20 }, {}).width).toBe(40);
  for (const COLUMNS of ['', '0', '-1', '8x', '1e9']) expect(layoutFor({}, { COLUMNS })).toBe(WHOLE);
  expect(layoutFor({ isTTY: true, columns: 0 }, {})).toBe(WHOLE);
  showEverything(true);
  try {
    expect(layoutFor({ isTTY: true, columns: 80 }, {})).toBe(WHOLE);
  } finally {
    showEverything(false);
  }
});
