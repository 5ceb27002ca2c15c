import { Command } from 'commander';
import { print, reportFatalError } from '../output.ts';
import { writeOutdatedFiles, writeRelease } from './generate.ts';

const program = new Command('contracts')
  .description(
    'Write the JSON Schemas and the AsyncAPI document from the contracts; refuse if a published event would break.',
  )
  .option('--release', 'keep the events of this version, which from then on never change')
  .option('--json', 'print exactly one JSON document on standard output')
  .showHelpAfterError('(add --help to see how it is used)')
  .addHelpText('after', '\nExamples:\n  npm run contracts\n  npm run contracts -- --release')
  .action(({ json, release }: { json?: boolean; release?: boolean }) => {
    const written = [...writeOutdatedFiles(), ...(release ? [writeRelease()] : [])];
    print(json, { written }, () =>
      written.length === 0 ? 'Everything is up to date.' : written.map((path) => `wrote ${path}`).join('\n'),
    );
  });

await program.parseAsync().catch(reportFatalError);
