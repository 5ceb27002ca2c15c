import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { language } from './language.ts';
import { theme } from './theme.ts';
import { words } from './words.ts';

export type Series = { name: string; values: readonly (number | null)[] };

type Props = {
  label: string;
  /** Seconds since 1970, one for each value. */
  times: readonly number[];
  series: readonly Series[];
  /** Formats a value with its unit. */
  format?: (value: number) => string;
  height?: number;
};

const STROKES = ['--series-1', '--series-2', '--series-3', '--series-4', '--series-5', '--series-6', '--series-7'];
const HEIGHT = 160;

/** Draws values over time; the latest ones are said in words below, for whoever does not see the lines. */
export function Chart({
  label,
  times,
  series,
  format = (value) => value.toLocaleString(language.value),
  height = HEIGHT,
}: Props): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const names = series.map(({ name }) => name).join();
  const shown = useRef(format);
  shown.current = format;
  const data = [times, ...series.map(({ values }) => values)] as unknown as uPlot.AlignedData;
  // The data is set below; other lines and another theme make a new one.
  useEffect(() => {
    if (box.current === null) return;
    const made = new uPlot(
      optionsOf(box.current, series, (value) => shown.current(value), height),
      data,
      box.current,
    );
    plot.current = made;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) made.setSize({ width: Math.floor(entry.contentRect.width), height });
    });
    observer.observe(box.current);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [names, theme.value, height]);
  // Both are made anew by every rendering; the times tell whether anything is new.
  useEffect(() => plot.current?.setData(data), [times, series]);
  return (
    <figure class="chart">
      <figcaption>{label}</figcaption>
      <div class="plot" ref={box} aria-hidden="true" />
      <ul class="legend">
        {series.map(({ name, values }, index) => {
          const last = values.findLast((value) => value !== null);
          return (
            <li key={name}>
              <span class="line" style={{ background: `var(${STROKES[index % STROKES.length]})` }} />
              {name} <b>{last === null || last === undefined ? words('noData') : format(last)}</b>
            </li>
          );
        })}
      </ul>
    </figure>
  );
}

function optionsOf(
  box: HTMLElement,
  series: readonly Series[],
  format: (value: number) => string,
  height: number,
): uPlot.Options {
  const style = getComputedStyle(box);
  const color = (name: string) => resolved(box, name);
  const font = `${style.getPropertyValue('--text-xs') || '12px'} ${style.fontFamily}`;
  const axis = { stroke: color('--muted'), font, grid: { stroke: color('--line'), width: 1 }, ticks: { show: false } };
  return {
    width: Math.max(200, box.clientWidth),
    height,
    legend: { show: false },
    // Room for half of the last time.
    padding: [8, 32, 0, 0],
    cursor: { y: false, points: { size: 5 } },
    scales: { y: { range: (_, least, most) => [Math.min(0, least), Math.max(1, most * 1.1)] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 72,
        size: 28,
        values: (_, moments, __, ___, step) => clock(moments, step),
      },
      { ...axis, size: 56, values: (_, values) => values.map(format) },
    ],
    series: [
      {},
      ...series.map(({ name }, index) => ({
        label: name,
        stroke: color(STROKES[index % STROKES.length] ?? '--series-1'),
        width: 1.5,
        points: { show: false },
      })),
    ],
  };
}

/** Writes moments as times of the day, with seconds where they are less than a minute apart. */
const clock = (moments: readonly number[], stepSeconds: number): string[] => {
  const { format } = new Intl.DateTimeFormat(language.value, {
    hour: '2-digit',
    minute: '2-digit',
    ...(stepSeconds < 60 ? { second: '2-digit' } : {}),
    hourCycle: 'h23',
  });
  return moments.map((moment) => format(moment * 1_000));
};

/** A canvas does not know what `light-dark()` means, but an element's colour does. */
function resolved(box: HTMLElement, name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  box.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
