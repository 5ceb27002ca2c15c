import { table } from '../ops/format.ts';
import { type Contestant, type Figure, ratioTo, type Spread, spreadOf, type Target, verdict } from './figure.ts';
import type { Latest, Measured } from './latest.ts';

/** A figure in which a contestant does better than ours; `ratio` is ours / theirs. */
export type Loss = { figure: Figure; to: Contestant; ratio: Spread };

// What nobody would run instead: the least that something can cost.
const BOUNDS = ['floor', 'transport', 'sdk', 'emulator', 'localstack', 'store'];

/** Takes a contestant's name and gives true if somebody could pick it instead of ours. */
export const isPeer = (contestant: Contestant): boolean =>
  !contestant.endsWith('-bare') &&
  !['ours', ...BOUNDS].some((bound) => contestant === bound || contestant.startsWith(`${bound}-`));

/** Takes a number and gives it as people read it: three digits that count, whole numbers whole. */
export function numberText(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en');
  return value.toLocaleString('en', { maximumSignificantDigits: 3 });
}

/** Takes a spread and gives its middle, and lowest and highest where they differ from it: `2.31 (2.2–2.5)`. */
export function spreadText({ median, low, high }: Spread): string {
  return low === high ? numberText(median) : `${numberText(median)} (${numberText(low)}–${numberText(high)})`;
}

/** Takes a target and gives it in words: `≤ 0.2 × powertools`. */
export function targetText({ against, atMost, atLeast }: Target): string {
  const times = against === undefined ? '' : ` × ${against}`;
  const bounds = [
    ...(atMost === undefined ? [] : [`≤ ${numberText(atMost)}${times}`]),
    ...(atLeast === undefined ? [] : [`≥ ${numberText(atLeast)}${times}`]),
  ];
  return bounds.join(', ');
}

/** Takes sections and gives where a peer does better in the middle of the runs, the greatest distance first. */
export function losses(sections: readonly Measured[]): Loss[] {
  const found = sections.flatMap(({ figures }) =>
    figures.flatMap((figure) =>
      Object.keys(figure.values)
        .filter(isPeer)
        .flatMap((to): Loss[] => {
          const ratio = ratioTo(figure, to);
          return ratio !== undefined && distance(figure, ratio) > 1 ? [{ figure, to, ratio }] : [];
        }),
    ),
  );
  return found.sort((one, other) => distance(other.figure, other.ratio) - distance(one.figure, one.ratio));
}

const distance = ({ better }: Figure, { median }: Spread) => (better === 'lower' ? median : 1 / median);

/** Takes figures and gives them as a table for the terminal. */
export function tableOf(figures: readonly Figure[]): string {
  const others = contestantsOf(figures).filter((name) => name !== 'ours');
  const rows = figures.map((figure) => {
    const [first = ['', '', ''], ...more] = comparisons(figure);
    const lines = [first, ...more];
    const column = (index: number) => lines.map((line) => line[index] ?? '').join('\n');
    const middle = (name: Contestant) => {
      const values = figure.values[name];
      return values === undefined ? '' : numberText(spreadOf(values).median);
    };
    return [figure.what, figure.unit, cell(figure, 'ours'), ...others.map(middle), column(0), column(1), column(2)];
  });
  return table(['', 'unit', 'ours', ...others, 'ours / theirs', 'target', ''], rows);
}

function contestantsOf(figures: readonly Figure[]): Contestant[] {
  return [...new Set(['ours', ...figures.flatMap(({ values }) => Object.keys(values))])];
}

function cell({ values }: Figure, contestant: Contestant): string {
  const given = values[contestant];
  return given === undefined ? '' : spreadText(spreadOf(given));
}

/** One line for each target: what is compared, the target, met or missed; where there is no target, the first peer. */
function comparisons(figure: Figure): [ratio: string, target: string, verdict: string][] {
  const { targets = [], values } = figure;
  // A share of nothing says nothing.
  const ratio = (name: Contestant, spread: Spread) =>
    Number.isFinite(spread.median) ? `${spreadText(spread)} × ${name}` : '';
  if (targets.length > 0) {
    return targets.map((target) => {
      const found = verdict(figure, target);
      if (found === undefined) return ['', targetText(target), 'not measured'];
      const compared = target.against === undefined ? '' : ratio(target.against, found.spread);
      return [compared, targetText(target), found.met ? 'met' : 'missed'];
    });
  }
  const peer = Object.keys(values).find(isPeer);
  const spread = peer === undefined ? undefined : ratioTo(figure, peer);
  return peer === undefined || spread === undefined ? [] : [[ratio(peer, spread), '', '']];
}

/** Takes the results and gives them as a page in Markdown: where we lose, what was missed, and a table with notes for each section. */
export function markdown(latest: Latest): string {
  const { date, commit, node, cores, peers, sections } = latest;
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
    ...listed(lost(sections), 'Nowhere in what was measured.'),
    '',
    '## Targets missed',
    '',
    ...listed(missed(sections), 'None.'),
    '',
    ...sections.flatMap(sectionPage),
  ].join('\n');
}

const listed = (lines: readonly string[], none: string) =>
  lines.length === 0 ? [none] : lines.map((line) => `- ${line}`);

const lost = (sections: readonly Measured[]): string[] =>
  losses(sections).map(({ figure, to, ratio }) => {
    if (!Number.isFinite(ratio.median)) return `${figure.what}: ${to} has none`;
    const sure = ratio.low <= 1 && ratio.high >= 1 ? ', not in every run' : '';
    return `${figure.what}: ${spreadText(ratio)} × ${to} (${figure.better} is better${sure})`;
  });

function missed(sections: readonly Measured[]): string[] {
  return sections.flatMap(({ figures, failure, title }) => [
    ...(failure === undefined ? [] : [`${title}: not measured whole, ${failure}`]),
    ...figures.flatMap((figure) =>
      (figure.targets ?? []).flatMap((target) => {
        const found = verdict(figure, target);
        if (found?.met) return [];
        const instead = found === undefined ? 'not measured' : spreadText(found.spread);
        return [`${figure.what}: ${instead} instead of ${targetText(target)}`];
      }),
    ),
  ]);
}

function sectionPage({ title, date, commit, runs, figures }: Measured): string[] {
  const names = contestantsOf(figures);
  const noted = figures.filter(({ note }) => note !== undefined);
  const row = (figure: Figure) => {
    const lines = comparisons(figure);
    const column = (index: number) => lines.map((line) => line[index] ?? '').join('<br>');
    const sign = noted.includes(figure) ? ` <sup>${noted.indexOf(figure) + 1}</sup>` : '';
    const cells = names.map((name) => cell(figure, name));
    return [`${figure.what}${sign}`, figure.unit, ...cells, column(0), column(1), column(2)];
  };
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    `## ${title}`,
    '',
    `${date.slice(0, 16).replace('T', ' ')} UTC, commit ${commit}, ${runs} ${runs === 1 ? 'run' : 'runs'}; in the middle (lowest–highest).`,
    '',
    line(['', 'unit', ...names, 'ours / theirs', 'target', '']),
    line(['---', '---', ...names.map(() => '---:'), '---:', '---', '---']),
    ...figures.map((figure) => line(row(figure))),
    '',
    ...noted.map(({ note }, index) => `${index + 1}. ${note}`),
    ...(noted.length === 0 ? [] : ['']),
  ];
}
