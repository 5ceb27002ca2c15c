import { type Figure, ratioTo, type Spread } from './figure.ts';
import type { Latest } from './latest.ts';
import { numberText } from './report.ts';

/** One bar: ours / theirs, turned round where more is better, so that left is always better. */
type Bar = { what: string; share: Spread; target: number | undefined };

// The second is the first with middy and all its middlewares, which the targets of the bundles are held against.
const PEERS = ['powertools', 'full'];
const WIDTH = 1_080;
const LEFT = 520;
const RIGHT = 130;
const PLOT = WIDTH - LEFT - RIGHT;
const ROW = 24;
const TOP = 96;
// https://jfly.uni-koeln.de/color/: told apart by people who see colours differently.
const BETTER = '#0072B2';
const WORSE = '#D55E00';
const LONGEST_LABEL = 74;

/** Takes the results and draws as an SVG how much of what Powertools takes is taken by ours, on a logarithmic scale, with the targets. */
export function chart({ sections, date, commit }: Latest): string {
  const groups = sections
    .map(({ title, figures }) => ({ title, bars: figures.flatMap(barsOf) }))
    .filter(({ bars }) => bars.length > 0);
  const bars = groups.flatMap((group) => group.bars);
  const ends = bars.flatMap(({ share, target }) => [share.low, share.high, ...(target === undefined ? [] : [target])]);
  const first = Math.floor(Math.log10(Math.min(0.1, ...ends)));
  const last = Math.max(Math.log10(2), Math.log10(Math.max(1, ...ends)) + 0.05);
  const x = (share: number) => fixed(LEFT + ((Math.log10(share) - first) / (last - first)) * PLOT);
  const height = TOP + groups.length * 1.5 * ROW + bars.length * ROW + 56;
  const bottom = height - 48;
  const drawn: string[] = [];
  let y = TOP;
  for (const group of groups) {
    drawn.push(text(24, y + ROW, group.title, 'font-weight="bold"'));
    y += 1.5 * ROW;
    for (const bar of group.bars) {
      drawn.push(...barAt(y, bar, x));
      y += ROW;
    }
  }
  const grid = marks(first, last).flatMap((share) => [
    `<line x1="${x(share)}" x2="${x(share)}" y1="${TOP - 8}" y2="${bottom}" stroke="${share === 1 ? '#555555' : '#e3e3e3'}"/>`,
    text(x(share), bottom + 18, `${numberText(share)}×`, 'text-anchor="middle" fill="#555555"'),
  ]);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="Helvetica, Arial, sans-serif" font-size="13">`,
    "<title>Ours as a share of Powertools' figure</title>",
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    text(24, 32, "Ours as a share of Powertools' figure", 'font-size="18" font-weight="bold"'),
    text(
      24,
      54,
      `Left is better (where more is better, the share is turned round); thin line: lowest to highest run; black mark: the target. ${date.slice(0, 10)}, ${commit}`,
      'fill="#555555"',
    ),
    ...grid,
    ...drawn,
    '</svg>\n',
  ].join('\n');
}

function barsOf(figure: Figure): Bar[] {
  const aim = figure.targets?.find(({ against = '' }) => PEERS.includes(against));
  const ratio = ratioTo(figure, aim?.against ?? 'powertools');
  if (ratio === undefined || !(ratio.low > 0) || !Number.isFinite(ratio.high)) return [];
  const turned = figure.better === 'higher';
  const share = turned ? { median: 1 / ratio.median, low: 1 / ratio.high, high: 1 / ratio.low } : ratio;
  const target = turned ? aim?.atLeast && 1 / aim.atLeast : aim?.atMost;
  return [{ what: figure.what, share, target }];
}

function barAt(y: number, { what, share, target }: Bar, x: (share: number) => number): string[] {
  const { median, low, high } = share;
  const from = Math.min(x(median), x(1));
  const color = median <= 1 ? BETTER : WORSE;
  const label = what.length > LONGEST_LABEL ? `${what.slice(0, LONGEST_LABEL - 1)}…` : what;
  const end = Math.max(x(high), x(1), target === undefined ? 0 : x(target));
  const middle = y + ROW / 2;
  return [
    text(LEFT - 12, middle + 4, label, 'text-anchor="end"'),
    `<rect x="${from}" y="${y + 5}" width="${fixed(Math.max(1, Math.abs(x(1) - x(median))))}" height="${ROW - 10}" fill="${color}"/>`,
    `<line x1="${x(low)}" x2="${x(high)}" y1="${middle}" y2="${middle}" stroke="#222222" stroke-width="1.5"/>`,
    ...(target === undefined
      ? []
      : [`<rect x="${fixed(x(target) - 1.5)}" y="${y + 2}" width="3" height="${ROW - 4}" fill="#000000"/>`]),
    text(end + 8, middle + 4, `${numberText(median)}×`),
  ];
}

/** Round shares between two powers of ten. */
function marks(first: number, last: number): number[] {
  const found: number[] = [];
  for (let power = first; power <= last; power += 1) {
    for (const factor of [1, 2, 5]) if (Math.log10(factor) + power <= last) found.push(Number(`${factor}e${power}`));
  }
  return found;
}

const text = (x: number, y: number, words: string, style = '') =>
  `<text x="${fixed(x)}" y="${fixed(y)}" ${style}>${words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`;

const fixed = (value: number) => Math.round(value * 10) / 10;
