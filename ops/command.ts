import { Command, InvalidArgumentError } from 'commander';

/** The options that every shop command has. */
export type ShopOptions = { json?: boolean; aws?: boolean };

/** The options of a command that changes something. */
export type ChangeOptions = ShopOptions & { yes?: boolean };

/**
 * A command whose arguments may begin with a dash, as ids of orders and SKUs do: what begins with one dash and is no option of the
 * command is an argument. What begins with two is a misspelt option, unless it comes after `--`.
 */
class CommandWithIds extends Command {
  override parseOptions(args: string[]): { operands: string[]; unknown: string[] } {
    const { operands, unknown } = super.parseOptions(args);
    if (this.registeredArguments.length === 0) return { operands, unknown };
    const end = unknown.indexOf('--');
    const [free, literal] = end === -1 ? [unknown, []] : [unknown.slice(0, end), unknown.slice(end + 1)];
    const isOption = (text: string) => text.startsWith('--') || text === '-h';
    return {
      operands: [...operands, ...free.filter((text) => !isOption(text)), ...literal],
      unknown: free.filter(isOption),
    };
  }
}

/** Creates a command with `--json`, `--wide` and examples in its help. */
export function command(name: string, summary: string, ...examples: readonly string[]): Command {
  const lines = examples.map((example) => `  npm run ops -- ${example}`).join('\n');
  return new CommandWithIds(name)
    .description(summary)
    .option('--json', 'print exactly one JSON document on standard output')
    .option('--wide', 'print whole values and absolute times, however wide the terminal is')
    .showHelpAfterError('(add --help to see how it is used)')
    .addHelpText('after', `\nExample:\n${lines}`);
}

/** Creates a command that works on the deployed shop, on an engine or with `--aws`. */
export function shopCommand(name: string, summary: string, ...examples: readonly string[]): Command {
  return command(name, summary, ...examples).option(
    '--aws',
    'talk to AWS with your own credentials and region; SHOP_TARGET=aws says so for all commands of a shell',
  );
}

/** Creates a command that changes the deployed shop: its action asks by `confirmChange` first. */
export const changingCommand = (name: string, summary: string, ...examples: readonly string[]): Command =>
  shopCommand(name, summary, ...examples).option('--yes', 'do not ask first');

/** Creates a parser for commander that accepts whole numbers between two bounds, inclusive. */
export const wholeNumber = (least: number, most: number) => (text: string) => {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
};

// What no shell takes for anything but text, wherever it stands.
const PLAIN_ARGUMENT = /^[\w%+,./:@-][\w%+,./:=@-]*$/;

/** Quotes a text as one argument of a POSIX shell, where it needs quotes, so that a printed command can be copied: `'#1029'`. */
export const shellArgument = (text: string): string =>
  PLAIN_ARGUMENT.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
