import { Command } from 'commander';
import { print, reportFatalError } from '../output.ts';
import { generate } from './generate.ts';

const program = new Command('generate')
  .description(
    'Write all kept output that is generated: JSON Schemas and AsyncAPI of the contracts, docs/permissions.md, docs/settings.md with the JSON Schema of the settings, docs/quotas.md, docs/custom.md, and the logical ids and bundle budgets of consumers in infra/custom. Needs no engine.',
  )
  .option('--raise-budget <function...>', 'give these functions the bundle budget that they need now')
  .option('--json', 'print exactly one JSON document on standard output')
  .showHelpAfterError('(add --help to see how it is used)')
  .addHelpText(
    'after',
    '\nNot written here, because it is measured on an engine: npm run test:faults -- calls-per-order -u\n\nExamples:\n  npm run generate\n  npm run generate -- --raise-budget loyalty',
  )
  .action(async ({ json, raiseBudget = [] }: { json?: boolean; raiseBudget?: string[] }) => {
    const written = await generate({ raised: raiseBudget });
    print(json, { written }, () =>
      written.length === 0 ? 'Everything is up to date.' : written.map((path) => `wrote ${path}`).join('\n'),
    );
  });

await program.parseAsync().catch(reportFatalError);
