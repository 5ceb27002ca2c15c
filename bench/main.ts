import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Command, Option } from 'commander';
import { wholeNumber } from '../ops/command.ts';
import { describeError } from '../ops/errors.ts';
import { reportFatalError } from '../ops/output.ts';
import { printNotice, updateStatusLine } from '../ops/progress.ts';
import { chart } from './chart.ts';
import { installPeers } from './installed.ts';
import { type Circumstances, circumstances, type Latest, type Measured, merged, readLatest } from './latest.ts';
import { markdown, tableOf } from './report.ts';
import { chosenSections, type SectionName, sectionNamed, sectionNames } from './sections.ts';
import { steady } from './steady.ts';

type Options = { only: SectionName[]; runs: number; out: string };

/** Runs one section and gives what it came to; what goes wrong is said in it, for the others do not depend on it. */
async function measured(name: SectionName, runs: number, now: Circumstances): Promise<Measured> {
  const began = Date.now();
  const time = () => `${((Date.now() - began) / 1_000).toFixed(0)} s`;
  const common = { name, date: new Date(began).toISOString(), commit: now.commit, runs };
  let title: string = name;
  try {
    const section = await sectionNamed(name);
    title = section.title;
    printNotice(`▸ ${title}`);
    const progress = (line: string) =>
      process.stderr.isTTY ? updateStatusLine(`  ${line} (${time()})`) : printNotice(`  ${line}`);
    const { figures, problems } = steady(await section.run({ runs, progress }));
    printNotice(`${problems.length === 0 ? '✓' : '✗'} ${title} (${time()})`);
    const failure = problems.length === 0 ? {} : { failure: problems.join(' ') };
    return { ...common, title, seconds: (Date.now() - began) / 1_000, figures, ...failure };
  } catch (error) {
    if (process.env.DEBUG) console.error(error);
    printNotice(`✗ ${title} (${time()}): ${describeError(error)}`);
    return { ...common, title, seconds: (Date.now() - began) / 1_000, figures: [], failure: describeError(error) };
  }
}

async function write(folder: string, latest: Latest): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'latest.json'), `${JSON.stringify(latest, null, 2)}\n`);
  await writeFile(join(folder, 'README.md'), markdown(latest));
  await writeFile(join(folder, 'chart.svg'), chart(latest));
}

async function bench({ only, runs, out }: Options): Promise<void> {
  await installPeers(printNotice);
  const now = await circumstances();
  let latest = await readLatest(join(out, 'latest.json'));
  const failures: string[] = [];
  for (const name of only) {
    const result = await measured(name, runs, now);
    if (result.failure !== undefined) failures.push(`${name}: ${result.failure}`);
    latest = merged(latest, now, result);
    await write(out, latest);
    if (result.figures.length > 0) process.stdout.write(`\n${result.title}\n\n${tableOf(result.figures)}\n\n`);
  }
  printNotice(`The results are in ${relative(process.cwd(), out) || '.'}: README.md, latest.json, chart.svg.`);
  if (failures.length > 0) throw new Error(`Not everything was measured.\n${failures.join('\n')}`);
}

// What was begun ends with the process: its temporary folders go when it exits, which a signal alone would not do.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => process.exit(130));

await new Command('bench')
  .description(
    'Measures this stack side by side with what its users would write or pick instead, and prints ratios and counts.',
  )
  .addOption(
    new Option('--only <sections>', `only these, with commas between: ${sectionNames.join(', ')}`)
      .default([...sectionNames], 'all')
      .argParser(chosenSections),
  )
  .option('--runs <n>', 'how often each figure is measured', wholeNumber(1, 100), 5)
  .option('--out <folder>', 'where the results go', join(import.meta.dirname, 'results'))
  .showHelpAfterError('(add --help to see how it is used)')
  .addHelpText('after', '\nExample:\n  npm run bench -- --only handlers,cold-start --runs 3')
  .action(bench)
  .parseAsync()
  .catch(reportFatalError);

// A section that forgot to close something does not keep the benchmark from ending.
process.exit();
