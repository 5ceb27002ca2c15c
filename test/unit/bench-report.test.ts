import { describe, expect, test } from 'vitest';
import { renderChart } from '../../bench/chart.ts';
import { type Figure, validateFigures } from '../../bench/figure.ts';
import {
  figureTable,
  findLosses,
  formatNumber,
  formatSpread,
  formatTarget,
  isPeer,
  resultsPage,
} from '../../bench/report.ts';
import { mergeResults, type Results, type SectionResult } from '../../bench/results.ts';
import { parseSectionNames } from '../../bench/sections.ts';

const calls: Figure = {
  id: 'calls',
  what: 'calls per order',
  unit: 'calls',
  kind: 'count',
  better: 'lower',
  values: { ours: [0.5, 0.5], powertools: [9, 9] },
  targets: [{ against: 'powertools', atMost: 0.1 }],
  note: 'Counted at the endpoint.',
};
const rate: Figure = {
  id: 'rate',
  what: 'orders per second',
  unit: 'orders/s',
  kind: 'measure',
  better: 'higher',
  values: { ours: [100, 120], rabbitmq: [200, 160], floor: [900, 900] },
  targets: [{ against: 'rabbitmq', atLeast: 1.5 }],
};
const section = (parts: Partial<SectionResult> = {}): SectionResult => ({
  name: 'counts',
  title: 'What is counted',
  date: '2026-11-21T09:00:00.000Z',
  commit: 'abc',
  runs: 2,
  seconds: 3,
  figures: [calls, rate],
  ...parts,
});
const now = { date: '2026-11-22T09:00:00.000Z', commit: 'def', node: 'v24.0.0', cores: 2, peers: { zod: '4.0.0' } };
const latest = (...sections: SectionResult[]): Results => ({ ...now, sections });

describe('The report', () => {
  test('writes numbers with three digits that count, and whole ones whole', () => {
    expect([0.12345, 2.5, 12.345, 999.6, 1_234.5, 970_855].map(formatNumber)).toEqual([
      '0.123',
      '2.5',
      '12.3',
      '1,000',
      '1,235',
      '970,855',
    ]);
  });

  test('writes the lowest and the highest only where they differ', () => {
    expect(formatSpread({ median: 2, low: 1, high: 3 })).toBe('2 (1–3)');
    expect(formatSpread({ median: 2, low: 2, high: 2 })).toBe('2');
  });

  test('writes a target in words', () => {
    expect(formatTarget({ against: 'powertools', atMost: 0.2 })).toBe('≤ 0.2 × powertools');
    expect(formatTarget({ atLeast: 5 })).toBe('≥ 5');
  });

  test('prints each figure with its ratio, its target and whether that is met', () => {
    const [head, first, second] = figureTable([calls, rate]).split('\n');
    expect(head).toMatch(/unit +ours +powertools +rabbitmq +floor +ours \/ theirs +target/);
    expect(first).toMatch(/calls per order +calls +0\.5 +9 +0\.0556 × powertools +≤ 0\.1 × powertools +met/);
    expect(second).toMatch(/110 \(100–120\) +180 +900 +0\.625 \(0\.5–0\.75\) × rabbitmq +≥ 1\.5 × rabbitmq +missed/);
  });

  test('finds where a peer does better, and no loss to what is only a bound', () => {
    expect(findLosses([section()]).map(({ figure, to }) => `${figure.id} ${to}`)).toEqual(['rate rabbitmq']);
  });

  test.each([
    ['ours', false],
    ['floor', false],
    ['powertools', true],
  ])('takes %s for a peer: %s', (name, expected) => {
    expect(isPeer(name)).toBe(expected);
  });

  test('begins with where we lose and what was missed', () => {
    const page = resultsPage(latest(section({ failure: 'The engine stopped.' })));
    expect(page).toContain('## Where we lose\n\n- orders per second: 0.625 (0.5–0.75) × rabbitmq (higher is better)\n');
    expect(page).toContain('- What is counted: not measured whole, The engine stopped.\n');
    expect(page).toContain('- orders per second: 0.625 (0.5–0.75) instead of ≥ 1.5 × rabbitmq\n');
    expect(page).toContain('| calls per order <sup>1</sup> | calls | 0.5 | 9 |');
    expect(page).toContain('1. Counted at the endpoint.');
  });
});

test('A figure that Powertools has too becomes a bar, with its target', () => {
  const svg = renderChart(latest(section()));
  expect(svg).toContain('calls per order');
  expect(svg).toContain('0.0556×');
  expect(svg).not.toContain('orders per second');
  expect(svg).not.toContain('NaN');
});

describe('A count', () => {
  test('that differs from run to run is an error that says so, and is not shown', () => {
    const unsteady = { ...calls, id: 'unsteady', values: { ours: [1, 2] } };
    const { figures, problems } = validateFigures([calls, unsteady, rate]);
    expect(figures).toEqual([calls, rate]);
    expect(problems).toEqual(['The count unsteady of ours differs from run to run: 1, 2.']);
  });

  test('that is no number, or occurs twice, is an error too', () => {
    expect(validateFigures([{ ...rate, values: { ours: [Number.NaN] } }, calls, calls]).problems).toEqual([
      'The figure rate of ours is not a number: NaN.',
      'The figure calls occurs twice.',
    ]);
  });
});

describe('What was measured before', () => {
  const growth = section({ name: 'growth', title: 'Growth' });

  test('stays where other sections are measured anew', () => {
    const anew = section({ date: '2026-11-22T09:00:00.000Z' });
    expect(mergeResults(latest(section(), growth), now, anew).sections).toEqual([anew, growth]);
    expect(mergeResults(latest(growth), now, anew).sections).toEqual([anew, growth]);
  });

  test('stays with its date where a section fails, with why', () => {
    const failed = section({ date: '2026-11-22T09:00:00.000Z', figures: [], failure: 'No engine.' });
    expect(mergeResults(latest(section()), now, failed).sections).toEqual([{ ...section(), failure: 'No engine.' }]);
  });
});

test('Sections are chosen by name, and run in their own order', () => {
  expect(parseSectionNames('rate, counts')).toEqual(['counts', 'rate']);
  expect(() => parseSectionNames('rates')).toThrow('There is no section "rates": choose from counts, cold-start');
});
