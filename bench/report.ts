import { table } from '../ops/format.ts';
import { type Contestant, evaluateTarget, type Figure, ratioTo, type Spread, spreadOf, type Target } from './figure.ts';
import type { Results, SectionResult } from './results.ts';

/** A figure in which a peer is better than ours; `ratio` is ours / theirs. */
export type Loss = { figure: Figure; to: Contestant; ratio: Spread };

/** Returns whether a contestant is an alternative to ours; `floor` is a theoretical minimum. */
export const isPeer = (contestant: Contestant): boolean => contestant !== 'ours' && contestant !== 'floor';

/** Formats a number with three significant digits, integers and large numbers as integers. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en');
  return value.toLocaleString('en', { maximumSignificantDigits: 3 });
}

/** Formats a spread: `2.31 (2.2–2.5)`, or `2.31` if all values are the same. */
export function formatSpread({ median, low, high }: Spread): string {
  return low === high ? formatNumber(median) : `${formatNumber(median)} (${formatNumber(low)}–${formatNumber(high)})`;
}

/** Formats a target: `≤ 0.2 × powertools`. */
export function formatTarget({ against, atMost, atLeast = 0 }: Target): string {
  const bound = atMost === undefined ? `≥ ${formatNumber(atLeast)}` : `≤ ${formatNumber(atMost)}`;
  return against === undefined ? bound : `${bound} × ${against}`;
}

/** Finds where the median of a peer is better than ours, the greatest ratio first. */
export function findLosses(sections: readonly SectionResult[]): Loss[] {
  const losses = sections
    .flatMap(({ figures }) => figures)
    .flatMap((figure) =>
      Object.keys(figure.values)
        .filter(isPeer)
        .flatMap((to): Loss[] => {
          const ratio = ratioTo(figure, to);
          return ratio !== undefined && deficit(figure, ratio) > 1 ? [{ figure, to, ratio }] : [];
        }),
    );
  return losses.sort((one, other) => deficit(other.figure, other.ratio) - deficit(one.figure, one.ratio));
}

const deficit = ({ better }: Figure, { median }: Spread) => (better === 'lower' ? median : 1 / median);

/** Renders figures as a table for the terminal. */
export function figureTable(figures: readonly Figure[]): string {
  const others = contestantsOf(figures).filter((name) => name !== 'ours');
  const rows = figures.map((figure) => {
    const median = (name: Contestant) => {
      const values = figure.values[name];
      return values === undefined ? '' : formatNumber(spreadOf(values).median);
    };
    return [figure.what, figure.unit, cell(figure, 'ours'), ...others.map(median), ...comparisonCells(figure, '\n')];
  });
  return table(['', 'unit', 'ours', ...others, 'ours / theirs', 'target', ''], rows);
}

const contestantsOf = (figures: readonly Figure[]): Contestant[] => [
  ...new Set(['ours', ...figures.flatMap(({ values }) => Object.keys(values))]),
];

function cell({ values }: Figure, contestant: Contestant): string {
  const given = values[contestant];
  return given === undefined ? '' : formatSpread(spreadOf(given));
}

/** Compares a figure with each of its targets, or with the first peer; the cells are ratio, target and result. */
function comparisonCells(figure: Figure, separator: string): string[] {
  const { targets = [], values } = figure;
  // A ratio to zero is not meaningful.
  const ratio = (name: Contestant, spread: Spread) =>
    Number.isFinite(spread.median) ? `${formatSpread(spread)} × ${name}` : '';
  const rows = targets.map((target) => {
    const result = evaluateTarget(figure, target);
    if (result === undefined) return ['', formatTarget(target), 'not measured'];
    const compared = target.against === undefined ? '' : ratio(target.against, result.spread);
    return [compared, formatTarget(target), result.met ? 'met' : 'missed'];
  });
  const peer = Object.keys(values).find(isPeer);
  const spread = peer === undefined ? undefined : ratioTo(figure, peer);
  if (rows.length === 0 && peer !== undefined && spread !== undefined) rows.push([ratio(peer, spread), '', '']);
  return [0, 1, 2].map((index) => rows.map((row) => row[index] ?? '').join(separator));
}

/** Renders the results as a page in Markdown: losses, missed targets, and a table with notes for each section. */
export function resultsPage({ date, commit, node, cores, peers, sections }: Results): string {
  const versions = Object.entries(peers).map(([name, version]) => `${name} ${version}`);
  return [
    '# What the benchmark measured',
    '',
    `Written by \`npm run bench\` on ${date.slice(0, 10)} at commit ${commit}, Node ${node.replace('v', '')}, ${cores} cores.`,
    'How to read it, and what each contestant is: [docs/benchmark.md](../../docs/benchmark.md).',
    `Peers: ${versions.join(', ')}.`,
    '',
    '![Ours / Powertools, on a logarithmic scale](chart.svg)',
    '',
    '## Where we lose',
    '',
    ...list(findLosses(sections).map(lossLine), 'Nowhere in what was measured.'),
    '',
    '## Targets missed',
    '',
    ...list(sections.flatMap(missedTargets), 'None.'),
    '',
    ...sections.flatMap(sectionPage),
  ].join('\n');
}

const list = (lines: readonly string[], none: string) =>
  lines.length === 0 ? [none] : lines.map((line) => `- ${line}`);

function lossLine({ figure, to, ratio }: Loss): string {
  if (!Number.isFinite(ratio.median)) return `${figure.what}: ${to} has none`;
  const unsure = ratio.low <= 1 && ratio.high >= 1 ? ', not in every run' : '';
  return `${figure.what}: ${formatSpread(ratio)} × ${to} (${figure.better} is better${unsure})`;
}

const missedTargets = ({ figures, failure, title }: SectionResult): string[] => [
  ...(failure === undefined ? [] : [`${title}: not measured whole, ${failure}`]),
  ...figures.flatMap((figure) =>
    (figure.targets ?? []).flatMap((target) => {
      const result = evaluateTarget(figure, target);
      if (result?.met) return [];
      const measured = result === undefined ? 'not measured' : formatSpread(result.spread);
      return [`${figure.what}: ${measured} instead of ${formatTarget(target)}`];
    }),
  ),
];

function sectionPage({ title, date, commit, runs, figures }: SectionResult): string[] {
  const names = contestantsOf(figures);
  const noted = figures.filter(({ note }) => note !== undefined);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rows = figures.map((figure) => {
    const sign = noted.includes(figure) ? ` <sup>${noted.indexOf(figure) + 1}</sup>` : '';
    const cells = names.map((name) => cell(figure, name));
    return line([`${figure.what}${sign}`, figure.unit, ...cells, ...comparisonCells(figure, '<br>')]);
  });
  return [
    `## ${title}`,
    '',
    `${date.slice(0, 16).replace('T', ' ')} UTC, commit ${commit}, ${runs} ${runs === 1 ? 'run' : 'runs'}; in the middle (lowest–highest).`,
    '',
    line(['', 'unit', ...names, 'ours / theirs', 'target', '']),
    line(['---', '---', ...names.map(() => '---:'), '---:', '---', '---']),
    ...rows,
    '',
    ...noted.map(({ note }, index) => `${index + 1}. ${note}`),
    ...(noted.length === 0 ? [] : ['']),
  ];
}
