import { expect, test } from 'vitest';
import { type AuditReport, auditDocument, auditText, isClean } from '../../../ops/audit/format.ts';

const clean: AuditReport = {
  checked: 2,
  disagreeing: [],
  settling: 0,
  shelves: { checked: 1, wrong: [], moving: 0 },
  refundsDue: { count: 0, oldest: [] },
  readUnits: 4.5,
};

const wrong: AuditReport = {
  ...clean,
  disagreeing: [
    { orderId: 'o-1', problem: 'CONFIRMED: …', repair: 'The sweep …', message: { name: 'deadline-passed' } },
  ],
  settling: 1,
  shelves: { checked: 1, wrong: [{ sku: 'A', problem: '-1 …', repair: 'A person …' }], moving: 1 },
};

test('where all agree, an audit says so in a line', () => {
  expect(isClean(clean)).toBe(true);
  expect(auditText(clean)).toBe('All agree: 2 orders, 1 shelf (5 read units).');
});

test('what disagrees is named with what mends it, and what could not be judged is counted', () => {
  expect(isClean(wrong)).toBe(false);
  expect(isClean({ ...wrong, disagreeing: [] })).toBe(false);
  const text = auditText({ ...wrong, repaired: { published: 3, failed: 1 } });
  expect(text).toContain('✗ o-1 – CONFIRMED: …\n  The sweep …');
  expect(text).toContain('✗ shelf A – -1 …\n  A person …');
  expect(text).toContain('Published 3 events, 1 failed.');
  expect(text).toContain('1 order changed so lately');
  expect(text).toContain('1 shelf moved all the time');
  expect(text).toContain('1 of 2 orders and 1 of 1 shelf disagree');
});

test('a refund that is due waits for a person, and all agree on it', () => {
  const due = { orderId: 'o-9', since: '2026-11-21T09:00:00Z', amount: 12_000, currency: 'KRW', reason: 'disputed' };
  const report = { ...clean, refundsDue: { count: 12, oldest: [due] } };
  expect(isClean(report)).toBe(true);
  expect(auditText(report)).toContain('  o-9: ₩12,000 since 2026-11-21T09:00:00Z (disputed)\n  and 11 more\nAll agree');
});

test('the document has the sentences, and not the events behind them', () => {
  expect(auditDocument(wrong)).toMatchObject({
    checked: 2,
    disagreeing: [{ orderId: 'o-1', problem: 'CONFIRMED: …', repair: 'The sweep …', repairable: true }],
    settling: 1,
    shelves: { wrong: [{ sku: 'A' }] },
    refundsDue: { count: 0 },
  });
  const forPerson = { ...wrong, disagreeing: [{ orderId: 'o-2', problem: 'CONFIRMED: …', repair: 'A person …' }] };
  expect(auditDocument(forPerson).disagreeing[0]).toMatchObject({ repairable: false });
  expect(auditDocument(wrong).disagreeing[0]).not.toHaveProperty('message');
});
