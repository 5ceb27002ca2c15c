import type { JSX } from 'preact';
import type { JobView } from '../../api/live.ts';
import type { DrillSummary, LoadSummary, TrafficDetail, TrafficSeries, TrafficStep } from '../../api/traffic.ts';
import { Badge } from '../../parts/badge.tsx';
import { Chart } from '../../parts/chart.tsx';
import { count, time } from '../../parts/format.ts';
import { language } from '../../parts/language.ts';
import { JobProgress } from '../../parts/progress.tsx';
import { DrillAccount, LoadAccount } from './account-view.tsx';
import { milliseconds } from './latency.ts';
import { text } from './messages.ts';

const duration = (value: number): string => milliseconds(value, language.value);

/** Shows a load or a drill while it runs and when it has ended. An `earlier` one has its time in the names of its tables. */
export function Run({ job, earlier = false }: { job: JobView; earlier?: boolean }): JSX.Element {
  const detail = job.detail as TrafficDetail | undefined;
  const result = job.result as LoadSummary | DrillSummary | undefined;
  const at = earlier ? `, ${time(job.startedAt)}` : '';
  return (
    <>
      <JobProgress job={job} />
      {result !== undefined &&
        ('accepted' in result ? <DrillAccount result={result} at={at} /> : <LoadAccount result={result} at={at} />)}
      {detail !== undefined && <Figures detail={detail} result={result} />}
      {detail !== undefined && detail.steps.length > 0 && <Steps steps={detail.steps} />}
      {detail !== undefined && <Charts series={detail.series} startedAt={job.startedAt} />}
    </>
  );
}

function Figures({
  detail: { planned, published, decided, series },
  result,
}: {
  detail: TrafficDetail;
  result: LoadSummary | DrillSummary | undefined;
}): JSX.Element {
  const waiting = Object.values(series.held).reduce((sum, values) => sum + (values.at(-1) ?? 0), 0);
  const figures = [
    [text('published'), `${count(published)} / ${count(planned)}`],
    [text('decided'), count(decided)],
    [text('waitingNow'), count(waiting)],
    ...latencyFigures(series, result),
  ] as const;
  return (
    <dl class="figures" aria-label={text('figures')}>
      {figures.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

const PERCENTILES = { p50: 'atHalf', p95: 'at95', p99: 'at99' } as const;

/** Returns latencies: of all orders once a load has ended, of those decided last while it runs. A drill has medians in the end. */
function latencyFigures(series: TrafficSeries, result: LoadSummary | DrillSummary | undefined) {
  if (result !== undefined && !('latency' in result)) return [];
  return (Object.keys(PERCENTILES) as (keyof typeof PERCENTILES)[]).map((name) => {
    const value = result?.latency[name] ?? series.latency[name].findLast((one) => one !== null) ?? null;
    return [text(PERCENTILES[name]), value === null ? text('none') : duration(value)] as const;
  });
}

const STEP_TONES = { started: 'info', succeeded: 'good', failed: 'warn' } as const;
const STEP_WORDS = { started: 'started', succeeded: 'succeeded', failed: 'stepFailed' } as const;

/** Lists a drill's steps in the words of its command. */
const Steps = ({ steps }: { steps: readonly TrafficStep[] }): JSX.Element => (
  <ol class="panel steps" aria-label={text('steps')}>
    {steps.map(({ step, state }) => (
      <li key={step}>
        <Badge tone={STEP_TONES[state]}>{text(STEP_WORDS[state])}</Badge> {step}
      </li>
    ))}
  </ol>
);

function Charts({ series, startedAt }: { series: TrafficSeries; startedAt: string }): JSX.Element {
  const start = Date.parse(startedAt) / 1_000;
  const times = series.seconds.map((second) => start + second);
  const { p50, p95, p99 } = series.latency;
  return (
    <div class="charts">
      <Chart
        label={text('depth')}
        times={times}
        series={Object.entries(series.held).map(([name, values]) => ({ name, values }))}
      />
      <Chart
        label={text('perSecond')}
        times={times}
        series={[
          { name: text('seriesPublished'), values: series.publishedPerSecond },
          { name: text('seriesDecided'), values: series.decidedPerSecond },
        ]}
      />
      <Chart
        label={text('latency')}
        times={times}
        format={duration}
        series={[
          { name: 'p50', values: p50 },
          { name: 'p95', values: p95 },
          { name: 'p99', values: p99 },
        ]}
      />
    </div>
  );
}
