import { table } from '../format.ts';
import { type LoadResult, latencyText } from './outcome.ts';
import { sparkline } from './sparkline.ts';

/** What a load came to, for people. */
export function report(outcome: LoadResult): string {
  const { published, decided, confirmed, cancelled, rate, throughput, errors, errorRate, series } = outcome;
  const consumers = Object.keys(series.held[0]?.held ?? {});
  const depths = consumers.map((name) =>
    line(
      name,
      series.held.map(({ held }) => held[name] ?? 0),
    ),
  );
  const figures = [
    ['published', `${published} orders at ${each(rate.reached)} (asked for ${rate.asked}/s)${behind(rate.lateMs)}`],
    ['decided', `${decided}, at ${each(throughput)}: ${confirmed} confirmed, ${cancelled} cancelled`],
    [
      'errors',
      `${errors} (${(errorRate * 100).toFixed(errors === 0 ? 0 : 1)}%), ${outcome.deadLetters} new dead letters`,
    ],
    ['published → decided', latencyText(outcome)],
  ];
  return [
    table(['what', 'came of it'], figures),
    '',
    table(['messages not done', 'most', `over ${outcome.seconds.toFixed(0)} s`], depths),
    '',
    table(
      ['orders per second', 'most', `over ${series.decidedPerSecond.length} s`],
      [line('published', series.publishedPerSecond), line('decided', series.decidedPerSecond)],
    ),
  ].join('\n');
}

const line = (name: string, values: readonly number[]): (string | number)[] => [
  name,
  Math.max(0, ...values),
  sparkline(values),
];

const LATE_MS = 1_000;
const behind = (lateMs: number) =>
  lateMs < LATE_MS ? '' : `; the topic took no more, so they were up to ${Math.round(lateMs / 1_000)} s late`;

const each = (rate: number | null) => (rate === null ? '–' : `${rate.toFixed(1)}/s`);
