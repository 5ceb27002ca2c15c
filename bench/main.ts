import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Command, Option } from 'commander';
import { leavePersonalSettings } from '../localstack/environment.ts';
import { wholeNumber } from '../ops/command.ts';
import { toUserMessage } from '../ops/errors.ts';
import { reportFatalError } from '../ops/output.ts';
import { printNotice, updateStatusLine } from '../ops/progress.ts';
import { renderChart } from './chart.ts';
import { validateFigures } from './figure.ts';
import { installPeers } from './peers.ts';
import { figureTable, resultsPage } from './report.ts';
import { describeRun, mergeResults, type Results, type RunInfo, readResults, type SectionResult } from './results.ts';
import { loadSection, parseSectionNames, type SectionName, sectionNames } from './sections.ts';

const isDebugging = Boolean(process.env.SHOP_DEBUG);
leavePersonalSettings();

type Options = { only: SectionName[]; runs: number; out: string };

/** Runs one section; a failure is part of its result, because the other sections do not depend on it. */
async function runSection(name: SectionName, runs: number, now: RunInfo): Promise<SectionResult> {
  const began = Date.now();
  const seconds = () => (Date.now() - began) / 1_000;
  const time = () => `(${seconds().toFixed(0)} s)`;
  let title: string = name;
  const result = (figures: SectionResult['figures'], failure?: string): SectionResult => {
    printNotice(
      `${failure === undefined ? '✓' : '✗'} ${title} ${time()}${failure === undefined ? '' : `: ${failure}`}`,
    );
    const about = { name, title, date: new Date(began).toISOString(), commit: now.commit, runs, seconds: seconds() };
    return { ...about, figures, ...(failure === undefined ? {} : { failure }) };
  };
  try {
    const section = await loadSection(name);
    title = section.title;
    printNotice(`▸ ${title}`);
    const progress = (line: string) =>
      process.stderr.isTTY ? updateStatusLine(`  ${line} ${time()}`) : printNotice(`  ${line}`);
    const { figures, problems } = validateFigures(await section.run({ runs, progress }));
    return result(figures, problems.length === 0 ? undefined : problems.join(' '));
  } catch (error) {
    if (isDebugging) console.error(error);
    return result([], toUserMessage(error));
  }
}

async function writeResults(folder: string, results: Results): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'latest.json'), `${JSON.stringify(results, null, 2)}\n`);
  await writeFile(join(folder, 'README.md'), resultsPage(results));
  await writeFile(join(folder, 'chart.svg'), renderChart(results));
}

async function bench({ only, runs, out }: Options): Promise<void> {
  await installPeers(printNotice);
  const now = await describeRun();
  let results = await readResults(join(out, 'latest.json'));
  const failures: string[] = [];
  for (const name of only) {
    const result = await runSection(name, runs, now);
    if (result.failure !== undefined) failures.push(`${name}: ${result.failure}`);
    results = mergeResults(results, now, result);
    await writeResults(out, results);
    if (result.figures.length > 0) process.stdout.write(`\n${result.title}\n\n${figureTable(result.figures)}\n\n`);
  }
  printNotice(`The results are in ${relative(process.cwd(), out) || '.'}: README.md, latest.json, chart.svg.`);
  if (failures.length > 0) throw new Error(`Not everything was measured.\n${failures.join('\n')}`);
}

// Temporary folders are removed on exit, which a signal alone does not cause.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => process.exit(130));

await new Command('bench')
  .description(
    'Measures this stack side by side with what its users would write or pick instead, and prints ratios and counts.',
  )
  .addOption(
    new Option('--only <sections>', `only these, with commas between: ${sectionNames.join(', ')}`)
      .default([...sectionNames], 'all')
      .argParser(parseSectionNames),
  )
  .option('--runs <n>', 'how often each figure is measured', wholeNumber(1, 100), 5)
  .option('--out <folder>', 'where the results go', join(import.meta.dirname, 'results'))
  .showHelpAfterError('(add --help to see how it is used)')
  .addHelpText('after', '\nExample:\n  npm run bench -- --only counts,cold-start --runs 3')
  .action(bench)
  .parseAsync()
  .catch(reportFatalError);

// A section that forgot to close something must not keep the process alive.
process.exit();
