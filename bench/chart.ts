import { type Figure, ratioTo } from './figure.ts';
import { formatNumber } from './report.ts';
import type { Results } from './results.ts';

// `full`, with which the targets of the bundles compare, is Powertools behind middy.
const PEERS = ['powertools', 'full'];
const WIDTH = 1_080;
const LEFT = 520;
const PLOT_WIDTH = 430;
const ROW = 24;
const TOP = 96;
// https://jfly.uni-koeln.de/color/: distinguishable with colour blindness.
const BETTER = '#0072B2';
const WORSE = '#D55E00';
const MAX_LABEL = 74;

const MIN_SHARE = 0.01;
const MAX_SHARE = 3;

/** Draws our share of Powertools' figures as an SVG on a logarithmic scale, with the targets; left is always better. */
export function renderChart({ sections, date, commit }: Results): string {
  let y = TOP;
  const rows = sections.flatMap(({ title, figures }) => {
    const bars = figures.flatMap(renderBar);
    if (bars.length === 0) return [];
    y += 1.5 * ROW;
    const heading = text(24, y - ROW / 3, title, 'font-weight="bold"');
    const placed = bars.map((bar, index) => `<g transform="translate(0 ${y + index * ROW})">${bar}</g>`);
    y += bars.length * ROW;
    return [heading, ...placed];
  });
  const title = "Ours as a share of Powertools' figure";
  const legend = `Left is better (where more is better, the share is turned round); thin line: lowest to highest run; black mark: the target. ${date.slice(0, 10)}, ${commit}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 48}" width="${WIDTH}" height="${y + 48}" font-family="Helvetica, Arial, sans-serif" font-size="13">`,
    `<title>${title}</title>`,
    `<rect width="${WIDTH}" height="${y + 48}" fill="#ffffff"/>`,
    text(24, 32, title, 'font-size="18" font-weight="bold"'),
    text(24, 54, legend, 'fill="#555555"'),
    ...[0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2].flatMap((share) => [
      `<line x1="${x(share)}" x2="${x(share)}" y1="${TOP - 8}" y2="${y}" stroke="${share === 1 ? '#555555' : '#e3e3e3'}"/>`,
      text(x(share), y + 18, `${share}×`, 'text-anchor="middle" fill="#555555"'),
    ]),
    ...rows,
    '</svg>\n',
  ].join('\n');
}

function renderBar(figure: Figure): string[] {
  const target = figure.targets?.find(({ against = '' }) => PEERS.includes(against));
  const ratio = ratioTo(figure, target?.against ?? 'powertools');
  if (ratio === undefined || !(ratio.low > 0) || !Number.isFinite(ratio.high)) return [];
  const share = (value: number) => (figure.better === 'lower' ? value : 1 / value);
  const [median, ...ends] = [share(ratio.median), share(ratio.low), share(ratio.high)];
  const aim = target?.atMost ?? target?.atLeast;
  const [from, to] = [Math.min(x(median), x(1)), Math.max(x(median), x(1))];
  const label = figure.what.length > MAX_LABEL ? `${figure.what.slice(0, MAX_LABEL - 1)}…` : figure.what;
  return [
    [
      text(LEFT - 12, 16, label, 'text-anchor="end"'),
      `<rect x="${from}" y="5" width="${round(Math.max(1, to - from))}" height="14" fill="${median <= 1 ? BETTER : WORSE}"/>`,
      `<line x1="${x(Math.min(...ends))}" x2="${x(Math.max(...ends))}" y1="12" y2="12" stroke="#222222" stroke-width="1.5"/>`,
      aim === undefined ? '' : `<rect x="${x(share(aim))}" y="2" width="3" height="20" fill="#000000"/>`,
      text(Math.max(to, x(Math.max(...ends))) + 8, 16, `${formatNumber(median)}×`),
    ].join(''),
  ];
}

/** The position of a share on the logarithmic scale; shares beyond its ends are drawn at them. */
function x(share: number): number {
  const bounded = Math.min(MAX_SHARE, Math.max(MIN_SHARE, share));
  return round(LEFT + (Math.log(bounded / MIN_SHARE) / Math.log(MAX_SHARE / MIN_SHARE)) * PLOT_WIDTH);
}

const text = (left: number, top: number, words: string, style = '') =>
  `<text x="${round(left)}" y="${round(top)}" ${style}>${words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`;

const round = (value: number) => Math.round(value * 10) / 10;
