import { Command, InvalidArgumentError } from 'commander';

/** What every command that talks to the shop understands. */
export type ShopOptions = { json?: boolean; aws?: boolean };

/** Gives a command with `--json` and an example in its help. */
export function command(name: string, summary: string, ...examples: readonly string[]): Command {
  const lines = examples.map((example) => `  npm run ops -- ${example}`).join('\n');
  return new Command(name)
    .description(summary)
    .option('--json', 'print exactly one JSON document on standard output')
    .showHelpAfterError('(add --help to see how it is used)')
    .addHelpText('after', `\nExample:\n${lines}`);
}

/** Gives a command that talks to the shop, on this machine or on AWS. */
export function shopCommand(name: string, summary: string, ...examples: readonly string[]): Command {
  return command(name, summary, ...examples).option(
    '--aws',
    'talk to AWS with your own credentials and region, even if an engine runs on this machine',
  );
}

/** Gives a parser of whole numbers between two bounds, for commander. */
export const wholeNumber = (least: number, most: number) => (text: string) => {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
};
