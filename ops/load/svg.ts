import { counted } from '../format.ts';
import { type LoadResult, latencyText } from './result.ts';

type Line = { name: string; color: string; points: readonly (readonly [second: number, value: number])[] };
type Panel = { top: number; height: number; title: string; lines: readonly Line[] };

const WIDTH = 960;
const HEIGHT = 620;
const LEFT = 64;
const RIGHT = 150;
const PLOT = WIDTH - LEFT - RIGHT;
// https://jfly.uni-koeln.de/color/: also distinguishable for colour-blind people.
const COLORS = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#000000', '#8A7A00'];

/** Draws a load as an SVG: the messages of each consumer that are not done, and the orders published and decided per second. */
export function loadChart(result: LoadResult): string {
  const { series } = result;
  const names = Object.keys(series.held[0]?.held ?? {});
  const depth = names.map(
    (name, index): Line => ({
      name,
      color: COLORS[index % COLORS.length] ?? '#000000',
      points: series.held.map(({ second, held }) => [second, held[name] ?? 0]),
    }),
  );
  const perSecond = (name: string, color: string, counts: readonly number[]): Line => ({
    name,
    color,
    points: counts.map((count, second) => [second + 0.5, count]),
  });
  const rates = [
    perSecond('published', '#999999', series.publishedPerSecond),
    perSecond('decided', '#222222', series.decidedPerSecond),
  ];
  const lastSecond = Math.max(1, ...[...depth, ...rates].flatMap(({ points }) => points.map(([second]) => second)));
  const seconds = axisTicks(lastSecond, 10);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="Helvetica, Arial, sans-serif" font-size="13">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text(LEFT, 32, title(result), 'font-size="18" font-weight="bold"'),
    text(LEFT, 54, subtitle(result), 'fill="#555555"'),
    ...panel({ top: 100, height: 220, title: 'messages not done, per consumer', lines: depth }, seconds),
    ...panel({ top: 380, height: 170, title: 'orders per second', lines: rates }, seconds),
    text(LEFT + PLOT / 2, HEIGHT - 20, 'seconds since the first order', 'text-anchor="middle" fill="#555555"'),
    '</svg>\n',
  ].join('\n');
}

const title = ({ published, rate, decided }: LoadResult) =>
  `${counted(published, 'order')} at ${number(rate.asked)} per second: ${number(decided)} decided`;

function subtitle({ latency, throughput, errors }: LoadResult): string {
  const rate = throughput === null ? '' : `; ${throughput.toFixed(1)} decided per second`;
  return `from published to decided: ${latencyText({ latency })}${rate}; ${counted(errors, 'error')}`;
}

function panel({ top, height, title: heading, lines }: Panel, seconds: readonly number[]): string[] {
  const values = axisTicks(Math.max(...lines.flatMap(({ points }) => points.map(([, value]) => value)), 0));
  const x = (second: number) => fixed(LEFT + (second / (seconds.at(-1) ?? 1)) * PLOT);
  const y = (value: number) => fixed(top + height - (value / (values.at(-1) ?? 1)) * height);
  const grid = values.flatMap((value) => [
    `<line x1="${LEFT}" x2="${LEFT + PLOT}" y1="${y(value)}" y2="${y(value)}" stroke="${value === 0 ? '#555555' : '#e3e3e3'}"/>`,
    text(LEFT - 8, y(value) + 4, number(value), 'text-anchor="end" fill="#555555"'),
  ]);
  const below = seconds.map((second) =>
    text(x(second), top + height + 18, number(second), 'text-anchor="middle" fill="#555555"'),
  );
  const drawn = lines.flatMap(({ color, points }) => {
    const path = points.map(([second, value]) => `${x(second)},${y(value)}`).join(' ');
    return `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2" stroke-linejoin="round"/>`;
  });
  const legend = lines.flatMap(({ name, color }, index) => [
    `<line x1="${LEFT + PLOT + 16}" x2="${LEFT + PLOT + 36}" y1="${top + 8 + index * 20}" y2="${top + 8 + index * 20}" stroke="${color}" stroke-width="3"/>`,
    text(LEFT + PLOT + 42, top + 12 + index * 20, name),
  ]);
  return [text(LEFT, top - 12, heading, 'font-weight="bold"'), ...grid, ...below, ...drawn, ...legend];
}

/** Returns round, evenly spaced numbers from 0 to at least the greatest value, about as many as wanted. */
export function axisTicks(greatest: number, wanted = 5): number[] {
  const rough = Math.max(greatest, 1) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power);
  const count = Math.ceil(Math.max(greatest, 1) / step);
  return Array.from({ length: count + 1 }, (_, index) => index * step);
}

const text = (x: number, y: number, words: string, style = '') =>
  `<text x="${fixed(x)}" y="${fixed(y)}" ${style}>${words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`;

const fixed = (value: number) => Math.round(value * 10) / 10;
const number = (value: number) => value.toLocaleString('en');
