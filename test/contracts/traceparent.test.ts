import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { continueTrace, explicitTraceparent, traceIdOf } from '../../contracts/traceparent.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const publisherTrace = `00-${TRACE_ID}-b7ad6b7169203331-01`;
const orderTraceId = createHash('sha256').update('o-1').digest('hex').slice(0, 32);

describe('The trace of an event', () => {
  test("continues the publisher's trace", () => {
    expect(traceIdOf(publisherTrace, 'o-1')).toBe(TRACE_ID);
    expect(continueTrace(publisherTrace, 'o-1', 'e-1').split('-')).toEqual(['00', TRACE_ID, expect.any(String), '01']);
  });

  test('is derived from the order when the publisher sent none', () => {
    expect(traceIdOf(undefined, 'o-1')).toBe(orderTraceId);
    expect(continueTrace(undefined, 'o-1', 'e-1')).toMatch(new RegExp(`^00-${orderTraceId}-[\\da-f]{16}-01$`));
    expect(traceIdOf(undefined, 'o-2')).not.toBe(orderTraceId);
  });

  test.each([
    `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    `00-${TRACE_ID}-${'0'.repeat(16)}-01`,
    `ff-${TRACE_ID}-b7ad6b7169203331-01`,
    'nonsense',
  ])('is derived from the order when the publisher sent an invalid one: %s', (invalid) => {
    expect(traceIdOf(invalid, 'o-1')).toBe(orderTraceId);
    expect(continueTrace(invalid, 'o-1', 'e-1')).toBe(continueTrace(undefined, 'o-1', 'e-1'));
  });

  test('has one stable span per event', () => {
    expect(continueTrace(publisherTrace, 'o-1', 'e-1')).toBe(continueTrace(publisherTrace, 'o-1', 'e-1'));
    expect(continueTrace(publisherTrace, 'o-1', 'e-1')).not.toBe(continueTrace(publisherTrace, 'o-1', 'e-2'));
  });

  test("keeps the publisher's sampling decision", () => {
    expect(continueTrace(`00-${TRACE_ID}-b7ad6b7169203331-00`, 'o-1', 'e-1')).toMatch(/-00$/);
  });

  test('is stored only when it differs from the one derived from the order', () => {
    expect(explicitTraceparent(publisherTrace, 'o-1')).toBe(publisherTrace);
    expect(explicitTraceparent(undefined, 'o-1')).toBeUndefined();
    expect(explicitTraceparent(continueTrace(undefined, 'o-1', 'e-1'), 'o-1')).toBeUndefined();
    expect(explicitTraceparent('nonsense', 'o-1')).toBeUndefined();
  });
});
