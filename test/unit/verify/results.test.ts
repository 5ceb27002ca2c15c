import { describe, expect, test } from 'vitest';
import { answersIn } from '../../../ops/verify/answers.ts';
import { formatHops } from '../../../ops/verify/format.ts';
import { ProbeResults } from '../../../ops/verify/probe-results.ts';
import type { PlannedProbe } from '../../../ops/verify/send-probe.ts';
import { NONCE } from '../../builders/probes.ts';

const probe = (parts: Partial<PlannedProbe> = {}): PlannedProbe => ({
  from: 'bus',
  to: 'payment',
  consumer: 'payment',
  channel: 'bus',
  at: 'shop',
  type: 'shop.verify.payment.0123456789ab',
  expect: 'acknowledge',
  ...parts,
});
const line = (parts: object = {}) =>
  JSON.stringify({
    level: 'INFO',
    time: '2026-11-21T09:00:02.000Z',
    message: 'probe acknowledged',
    consumer: 'payment',
    eventType: probe().type,
    probe: NONCE,
    ...parts,
  });
const SENT = Date.parse('2026-11-21T09:00:00.500Z');

/** Returns what came of probes that were sent together, once the lines were read. */
function resultsOf(probes: readonly PlannedProbe[], ...lines: string[]) {
  const results = new ProbeResults(probes);
  for (const one of probes) results.sent(one, SENT);
  for (const answer of answersIn(lines, NONCE)) results.take(answer);
  return probes.map((one) => results.get(one));
}

describe('A line of the log', () => {
  test('answers the probe of its consumer and type, with the time by the clock of the function', () => {
    const [bus, topic] = [probe(), probe({ type: 'shop.verify.payment.ba9876543210' })];
    expect(resultsOf([bus, topic], `2026-11-21T09:00:02Z ${line()}`)).toEqual([{ milliseconds: 1_500 }, undefined]);
  });

  test.each([
    ['of another run', { probe: '01kb0another0run0000000000' }],
    ['of another consumer', { consumer: 'stock' }],
    ['about a message', { message: 'done' }],
  ])('%s answers nothing', (_, parts) => {
    expect(resultsOf([probe()], line(parts), 'no JSON at all')).toEqual([undefined]);
  });

  test('is no proof of a dead letter, but of one that was refused', () => {
    const failing = probe({ expect: 'dead-letter' });
    expect(resultsOf([failing], line({ message: 'probe dead-lettered' }))).toEqual([undefined]);
    expect(resultsOf([failing], line({ message: 'probe not dead-lettered' }))).toEqual([
      { milliseconds: expect.any(Number), problem: expect.stringContaining('may not send to its dead-letter queue') },
    ]);
  });

  test('says where a probe came too late, and does not take that for an acknowledgement', () => {
    const [way, failing] = [probe(), probe({ expect: 'dead-letter' })];
    expect(resultsOf([way, failing], line({ message: 'probe expired' }))).toEqual([
      undefined,
      { milliseconds: expect.any(Number), problem: expect.stringContaining("this machine's clock") },
    ]);
  });

  test('that is older than its probe, because clocks differ, counts as 0 ms', () => {
    expect(resultsOf([probe()], line({ time: '2026-11-21T08:59:59.000Z' }))).toEqual([{ milliseconds: 0 }]);
  });
});

describe('A probe is due', () => {
  const [way, other, failing] = [
    probe(),
    probe({ type: 'shop.verify.payment.ba9876543210' }),
    probe({ expect: 'dead-letter' }),
  ];
  const acknowledged = { kind: 'acknowledged' as const, consumer: 'payment', type: probe().type, time: SENT };

  test('at once where it is to be acknowledged, and again while it is not, for a new filter may be late', () => {
    const results = new ProbeResults([way, other]);
    expect(results.due(SENT, 30_000)).toEqual([way, other]);
    expect([results.sent(way, SENT), results.sent(other, SENT)]).toEqual([0, 0]);
    results.take(acknowledged);
    expect(results.due(SENT + 29_999, 30_000)).toEqual([]);
    expect(results.due(SENT + 30_000, 30_000)).toEqual([other]);
    expect(results.sent(other, SENT + 30_000)).toBe(1);
  });

  test('once its way is open where it is to be dead-lettered, and never twice', () => {
    const results = new ProbeResults([way, failing]);
    results.sent(way, SENT);
    expect(results.due(SENT + 1, 30_000)).toEqual([]);
    results.take(acknowledged);
    expect(results.due(SENT + 1, 30_000)).toEqual([failing]);
    results.sent(failing, SENT + 1);
    expect(results.due(SENT + 3_600_000, 30_000)).toEqual([]);
  });

  test('never where its way did not accept a probe', () => {
    const results = new ProbeResults([way, failing]);
    results.fail(way, 'its probe was not accepted');
    expect(results.pending).toEqual([]);
    expect(results.get(failing)?.problem).toBe('not tried, because no probe came to payment');
  });
});

test('the table shows dead hops first, and says how many there are', () => {
  const text = formatHops({
    hops: [
      { from: 'bus', to: 'stock', ok: true, milliseconds: 84, by: 'probe' },
      { from: 'schedule', to: 'sweep', ok: true, milliseconds: 300, by: 'read' },
      { from: 'bus', to: 'payment', ok: false, milliseconds: 300, by: 'read', problem: 'its queue is gone' },
    ],
  });
  expect(text.split('\n').map((row) => row.replaceAll(/ +/g, ' '))).toEqual([
    'from to took problem',
    'bus payment DEAD read its queue is gone',
    'bus stock ok 84 ms',
    'schedule sweep ok read',
    '',
    '1 of 3 hops is dead.',
  ]);
});

test('the table names hops that were not tried because their consumer is paused, and does not call them dead', () => {
  const hop = { from: 'bus', to: 'payment', milliseconds: 300, by: 'read' } as const;
  const paused = { ...hop, ok: false, paused: true, problem: 'payment is paused by jane' } as const;
  const ok = { ...hop, ok: true, to: 'stock' };
  const linesOf = (...hops: Parameters<typeof formatHops>[0]['hops']) =>
    formatHops({ hops })
      .split('\n')
      .map((row) => row.replaceAll(/ +/g, ' '));
  expect(linesOf(ok, paused)).toEqual([
    'from to took problem',
    'bus payment paused read payment is paused by jane',
    'bus stock ok read',
    '',
    '1 of 2 hops deliver, and 1 was not tried: paused.',
  ]);
  expect(linesOf(ok, paused, { ...hop, ok: false, problem: 'gone' }).at(-1)).toBe(
    '1 of 3 hops is dead, and 1 was not tried: paused.',
  );
});
