import { describe, expect, test } from 'vitest';
import { catalog, shippedCatalog } from '../../../contracts/catalog.ts';
import { EVENTS } from '../../../ops/console/pages/orders/messages.ts';
import { shortType } from '../../../ops/console/pages/orders/names.ts';
import { timelineRows } from '../../../ops/console/pages/orders/timeline.ts';
import type { Trace } from '../../../ops/orders/trace.ts';
import { at, attempt } from '../../builders/traced-attempts.ts';

const failed = attempt({
  time: at(2),
  outcome: 'will be tried again',
  errorType: 'UnavailableError',
  errorMessage: 'It is down',
  retryInSeconds: 2,
});

const timeline: Trace['timeline'] = [
  { time: at(0), type: 'shop.order.placed.v1', source: '/shop/checkout' },
  // A publisher with another way to write the same times.
  { time: '2026-11-21T18:00:05+09:00', type: 'shop.order.confirmed.v1', source: '/shop/order' },
];

describe('The timeline of an order', () => {
  test('has every event with the time since the first and since the one before, oldest first', () => {
    const rows = timelineRows({ timeline, attempts: [failed] }, { allAttempts: false });
    expect(rows.map(({ who, sinceStartMs, sincePreviousMs }) => [who, sinceStartMs, sincePreviousMs])).toEqual([
      ['/shop/checkout', 0, 0],
      ['payment', 2_000, 2_000],
      ['/shop/order', 5_000, 3_000],
    ]);
  });

  test('has the attempts that failed, and the others only for whoever asks', () => {
    const trace = { timeline, attempts: [failed, attempt({ time: at(4), attempt: 2 })] };
    const attemptsOf = (allAttempts: boolean) =>
      timelineRows(trace, { allAttempts }).filter(({ what }) => what.kind === 'attempt').length;
    expect([attemptsOf(false), attemptsOf(true)]).toEqual([1, 2]);
  });

  test('tells what is on its way from what waits and what failed', () => {
    const dead = attempt({ time: at(3), outcome: 'dead-lettered' });
    const rows = timelineRows({ timeline, attempts: [failed, dead] }, { allAttempts: true });
    expect(rows.map(({ tone }) => tone)).toEqual(['idle', 'warn', 'bad', 'good']);
  });

  test('has what a consumer published and no record keeps, once', () => {
    const attempts = [
      attempt({ consumer: 'loyalty', published: ['shop.loyalty.earned.v1', 'shop.order.confirmed.v1'] }),
    ];
    const types = timelineRows({ timeline, attempts }, { allAttempts: false }).map(({ what }) =>
      what.kind === 'event' ? what.event.type : '',
    );
    expect(types).toEqual(['shop.order.placed.v1', 'shop.loyalty.earned.v1', 'shop.order.confirmed.v1']);
  });
});

test('Every event of the shop has words for what it means, in both languages', () => {
  const types = shippedCatalog.map(({ type }) => type).sort();
  expect(Object.keys(EVENTS.en).sort()).toEqual(types);
  expect(Object.keys(EVENTS.ko).sort()).toEqual(types);
});

test('Every event of the shop has a short name of its own', () => {
  const names = catalog.map(({ type }) => shortType(type));
  expect(new Set(names).size).toBe(names.length);
  expect(names).toContain('order.placed');
});

test('Tries of one message that fail alike are one row, from the first to the last', () => {
  const tries = [1, 2, 3].map((n) => ({ ...failed, time: at(n), attempt: n }));
  const another = { ...failed, time: at(4), attempt: 4, errorMessage: 'It answers nonsense' };
  const rows = timelineRows({ timeline, attempts: [...tries, another] }, { allAttempts: false });
  const shown = rows.flatMap(({ what, time }) =>
    what.kind === 'attempt' ? [[time, what.first, what.attempt.attempt]] : [],
  );
  expect(shown).toEqual([
    [at(1), 1, 3],
    [at(4), 4, 4],
  ]);
});
