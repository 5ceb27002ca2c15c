import { Command } from 'commander';
import { print, reportFatalError } from '../output.ts';
import { writeOutdatedFiles } from './generate.ts';

const program = new Command('contracts')
  .description(
    'Write the JSON Schemas and the AsyncAPI document from the contracts; refuse if a published event would break.',
  )
  .option('--json', 'print exactly one JSON document on standard output')
  .showHelpAfterError('(add --help to see how it is used)')
  .addHelpText('after', '\nExample:\n  npm run contracts')
  .action(({ json }: { json?: boolean }) => {
    const written = writeOutdatedFiles();
    print(json, { written }, () =>
      written.length === 0 ? 'Everything is up to date.' : written.map((path) => `wrote ${path}`).join('\n'),
    );
  });

await program.parseAsync().catch(reportFatalError);
