import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { continueTrace, explicitTraceparent, traceIdOf } from '../../contracts/traceparent.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const given = `00-${TRACE}-b7ad6b7169203331-01`;
const ofOrder = createHash('sha256').update('o-1').digest('hex').slice(0, 32);

describe("An event's trace", () => {
  test("is the publisher's", () => {
    expect(traceIdOf(given, 'o-1')).toBe(TRACE);
    expect(continueTrace(given, 'o-1', 'e-1').split('-')).toEqual(['00', TRACE, expect.any(String), '01']);
  });

  test("is the order's where the publisher sent none", () => {
    expect(traceIdOf(undefined, 'o-1')).toBe(ofOrder);
    expect(continueTrace(undefined, 'o-1', 'e-1')).toMatch(new RegExp(`^00-${ofOrder}-[\\da-f]{16}-01$`));
    expect(traceIdOf(undefined, 'o-2')).not.toBe(ofOrder);
  });

  test.each([
    `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `ff-${TRACE}-b7ad6b7169203331-01`,
    'nonsense',
  ])("is the order's where what the publisher sent is invalid: %s", (invalid) => {
    expect(traceIdOf(invalid, 'o-1')).toBe(ofOrder);
    expect(continueTrace(invalid, 'o-1', 'e-1')).toBe(continueTrace(undefined, 'o-1', 'e-1'));
  });

  test('has a span for each event, the same one every time', () => {
    expect(continueTrace(given, 'o-1', 'e-1')).toBe(continueTrace(given, 'o-1', 'e-1'));
    expect(continueTrace(given, 'o-1', 'e-1')).not.toBe(continueTrace(given, 'o-1', 'e-2'));
  });

  test('keeps what the publisher decided about sampling', () => {
    expect(continueTrace(`00-${TRACE}-b7ad6b7169203331-00`, 'o-1', 'e-1')).toMatch(/-00$/);
  });

  test('is worth remembering only where it is another than the order stands for', () => {
    expect(explicitTraceparent(given, 'o-1')).toBe(given);
    expect(explicitTraceparent(undefined, 'o-1')).toBeUndefined();
    expect(explicitTraceparent(continueTrace(undefined, 'o-1', 'e-1'), 'o-1')).toBeUndefined();
    expect(explicitTraceparent('nonsense', 'o-1')).toBeUndefined();
  });
});
