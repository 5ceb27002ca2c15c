import type { Column } from '../columns.ts';
import { plural, table } from '../format.ts';
import { type Layout, WHOLE } from '../layout.ts';
import { type LoadResult, latencyText } from './result.ts';

const MEASURES: readonly Column[] = [{ title: 'measure' }, { title: 'result', fit: 'wrap' }];

/** Formats the result of a load for a terminal. */
export function loadReport(result: LoadResult, layout: Layout = WHOLE): string {
  const { published, decided, confirmed, cancelled, rate, throughput, errors, errorRate, series } = result;
  const consumers = Object.keys(series.held[0]?.held ?? {});
  const backlogs = consumers.map((name) => [name, greatest(series.held.map(({ held }) => held[name] ?? 0))]);
  const measures = [
    [
      'published',
      `${plural(published, 'order')} at ${ratePerSecond(rate.reached)} (asked for ${rate.asked}/s)${lateness(rate.lateMs)}`,
    ],
    ['decided', `${decided}, at ${ratePerSecond(throughput)}: ${confirmed} confirmed, ${cancelled} cancelled`],
    ['after the confirmation', followUpText(result)],
    [
      'errors',
      `${errors} (${(errorRate * 100).toFixed(errors === 0 ? 0 : 1)}%), ${result.deadLetters} new dead letters`,
    ],
    ['published → decided', latencyText(result)],
  ];
  return [
    table(MEASURES, measures, layout),
    '',
    table(['messages not done', 'most'], backlogs, layout),
    '',
    table(
      ['orders per second', 'most'],
      [
        ['published', greatest(series.publishedPerSecond)],
        ['decided', greatest(series.decidedPerSecond)],
      ],
      layout,
    ),
  ].join('\n');
}

function followUpText({ cancellationsAfterConfirmation: late, partialRefunds, bookProblems }: LoadResult): string {
  const book = bookProblems.length === 0 ? 'as in' : `${bookProblems.length} not as in`;
  return `${late.done} of ${late.asked} cancelled, ${partialRefunds.done} of ${partialRefunds.asked} refunded in part; ${book} the gateway's book`;
}

const greatest = (values: readonly number[]): number => Math.max(0, ...values);

const REPORTED_LATENESS_MS = 1_000;
const lateness = (lateMs: number) =>
  lateMs < REPORTED_LATENESS_MS
    ? ''
    : `; the topic took no more, so they were up to ${Math.round(lateMs / 1_000)} s late`;

const ratePerSecond = (rate: number | null) => (rate === null ? '–' : `${rate.toFixed(1)}/s`);
