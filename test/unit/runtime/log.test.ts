import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { log, logLine, writeLines } from '../../../lambdas/runtime/log.ts';
import { metricLines } from '../../../lambdas/runtime/metrics.ts';
import { outcomeLogLines } from '../../../lambdas/runtime/outcome.ts';
import { sqsRecord } from '../../builders/deliveries.ts';

/** Lambda splits what is written at once into pieces of so many bytes. */
const PIECE = 65_536;

function writesOf(write: () => void): string[] {
  const writes: string[] = [];
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    writes.push(String(text));
    return true;
  });
  try {
    write();
  } finally {
    spy.mockRestore();
  }
  return writes;
}

describe('The log', () => {
  test.each(['x', '가', '\u0000'])(
    'keeps every line of a batch of 100 whole, its metrics too, however long the reasons are (of %j)',
    (character) => {
      const outcome = {
        kind: 'dead-lettered' as const,
        errorType: 'ContractError',
        errorMessage: character.repeat(5_000),
      };
      const attempts = Array.from({ length: 100 }, () => ({
        record: sqsRecord('{}'),
        published: [],
        startedAt: 1_000,
        endedAt: 2_000,
        outcome,
      }));
      const lines = [...outcomeLogLines('payment', attempts), ...metricLines('payment', attempts, 1_000, 2_000)];
      const writes = writesOf(() => writeLines(lines));
      for (const text of writes) {
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(PIECE);
        for (const line of text.split('\n').slice(0, -1)) JSON.parse(line);
      }
      expect(writes.join('')).toBe(`${lines.join('\n')}\n`);
      expect(lines.at(-1)).toContain('"DeadLettered":100');
    },
  );

  test('is written in one call where it fits, and not at all where there is nothing', () => {
    expect(writesOf(() => writeLines(Array.from({ length: 100 }, () => logLine('INFO', 'done', {}))))).toHaveLength(1);
    expect(writesOf(() => writeLines([]))).toEqual([]);
  });

  test('is cut between lines only, and loses none', () => {
    const lines = fc.array(
      fc.integer({ min: 2, max: PIECE - 1 }).map((length) => 'x'.repeat(length)),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(lines, (all) => {
        const writes = writesOf(() => writeLines(all));
        expect(writes.join('').split('\n').slice(0, -1)).toEqual(all);
        for (const text of writes) {
          expect(text.endsWith('\n')).toBe(true);
          expect(text.length).toBeLessThanOrEqual(PIECE);
        }
      }),
      { endOnFailure: true },
    );
  });

  test('has a cut reason in every line, not only in those about messages', () => {
    const [text = ''] = writesOf(() => log.error('the bus is down', { errorMessage: 'x'.repeat(100_000) }));
    expect(JSON.parse(text).errorMessage).toHaveLength(1_000);
  });
});
