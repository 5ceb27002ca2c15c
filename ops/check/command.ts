import type { Command } from 'commander';
import { command } from '../command.ts';
import { readInput } from '../input.ts';
import { print } from '../output.ts';
import { checkFile, formatCheck } from './check.ts';

/** `ops check` */
export function checkCommand(): Command {
  return command(
    'check',
    'Say what consumers would refuse of events before they are sent; needs no deployed stack. Exits with 1 if anything.',
    'check order.json',
    'check - --json < orders.jsonl',
  )
    .argument(
      '<file>',
      'an event or a bare order as JSON, or several as JSON lines or as a JSON array; - for standard input',
    )
    .action(async (file: string, { json }: { json?: boolean }) => {
      const report = checkFile(await readInput(file));
      print(json, report, () => formatCheck(report));
      if (!report.ok) process.exitCode = 1;
    });
}
