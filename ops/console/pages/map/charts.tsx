import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { NodeChart, NodeMetrics } from '../../api/map.ts';
import { Chart } from '../../parts/chart.tsx';
import { age, count } from '../../parts/format.ts';
import { text } from './messages.ts';

const HEIGHT = 132;

/** Draws the last hour of a node; a chart of which nothing was measured says so in a line. */
export function NodeCharts({ metrics: { times, charts } }: { metrics: NodeMetrics }): JSX.Element {
  const seconds = useMemo(() => times.map((time) => Date.parse(time) / 1_000), [times]);
  const isMeasured = ({ series }: NodeChart) => series.some(({ values }) => values.some((value) => value !== null));
  const measured = charts.filter(isMeasured);
  const without = charts.filter((chart) => !isMeasured(chart));
  return (
    <>
      {measured.map(({ name, unit, series }) => (
        <Chart
          key={name}
          label={text(name)}
          times={seconds}
          series={series.map((one) => ({ name: text(`series.${one.name}`), values: one.values }))}
          format={formatOf(unit)}
          height={HEIGHT}
        />
      ))}
      {measured.length === 0 && <p class="hint">{text('noMetrics')}</p>}
      {measured.length > 0 && without.length > 0 && (
        <p class="hint">{without.map(({ name }) => `${text(name)}: ${text('noMetrics')}`).join(' ')}</p>
      )}
    </>
  );
}

function formatOf(unit: NodeChart['unit']): (value: number) => string {
  if (unit === 'seconds') return age;
  if (unit === 'milliseconds') return (value) => (value < 1_000 ? `${Math.round(value)} ms` : age(value / 1_000));
  return (value) => count(Math.round(value * 10) / 10);
}
