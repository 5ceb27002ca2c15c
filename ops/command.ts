import { Command, InvalidArgumentError } from 'commander';

/** The options that every shop command has. */
export type ShopOptions = { json?: boolean; aws?: boolean };

/** Creates a command with `--json` and examples in its help. */
export function command(name: string, summary: string, ...examples: readonly string[]): Command {
  const lines = examples.map((example) => `  npm run ops -- ${example}`).join('\n');
  return new Command(name)
    .description(summary)
    .option('--json', 'print exactly one JSON document on standard output')
    .showHelpAfterError('(add --help to see how it is used)')
    .addHelpText('after', `\nExample:\n${lines}`);
}

/** Creates a command that works on the deployed shop, locally or with `--aws`. */
export function shopCommand(name: string, summary: string, ...examples: readonly string[]): Command {
  return command(name, summary, ...examples).option(
    '--aws',
    'talk to AWS with your own credentials and region, even if an engine runs on this machine',
  );
}

/** Creates a parser for commander that accepts whole numbers between two bounds, inclusive. */
export const wholeNumber = (least: number, most: number) => (text: string) => {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
};
