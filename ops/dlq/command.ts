import { Command } from 'commander';
import { type ShopOptions, shopCommand, wholeNumber } from '../command.ts';
import { interruptible } from '../interruption.ts';
import { print, table } from '../output.ts';
import { phase } from '../progress.ts';
import { grouped } from './group.ts';
import { harmless } from './mask.ts';
import { open, selecting } from './options.ts';
import { planFor } from './plan.ts';
import type { DeadLetterQueue } from './queue.ts';
import { discardCommand, redriveCommand } from './repair.ts';
import { checkSelectors, type Selectors, selected } from './select.ts';
import { show } from './show.ts';

/** `ops dlq` */
export function dlqCommand(): Command {
  return new Command('dlq')
    .description('See the dead letters of all consumers, put them back, or discard them.')
    .addHelpText('after', '\nExample:\n  npm run ops -- dlq list')
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(redriveCommand())
    .addCommand(discardCommand());
}

const lookAt = (queues: readonly DeadLetterQueue[], selectors: Selectors) =>
  interruptible('Interrupted: giving the letters back.', (signal) => {
    const until = selectors.id === undefined ? undefined : selected(selectors);
    return phase('looking at the dead letters', () => planFor(queues, selected(selectors), { signal, until }));
  });

function listCommand(): Command {
  return shopCommand('list', 'List the dead letters of all consumers, by consumer and reason.', 'dlq list')
    .option('--consumer <name>', 'of this consumer only')
    .action(async ({ json, ...options }: ShopOptions & { consumer?: string }) => {
      checkSelectors(options, false);
      const plan = await lookAt(await open(options), options);
      const groups = grouped(plan.flatMap(({ letters }) => letters));
      print(json, groups, () => {
        if (groups.length === 0) return 'There are no dead letters.';
        const rows = groups.map(({ consumer, count, errorType, reason, firstSeen, lastSeen, example }) => [
          consumer,
          count,
          errorType,
          short(reason),
          firstSeen.slice(0, 19),
          lastSeen.slice(0, 19),
          example.messageId,
        ]);
        return table(['consumer', 'count', 'error', 'reason', 'first (UTC)', 'last (UTC)', 'for example'], rows);
      });
    });
}

/** A reason for one line of a table. */
function short(reason: string): string {
  const line = harmless(reason.replaceAll(/\s+/g, ' '));
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}

function showCommand(): Command {
  return selecting(
    shopCommand(
      'show',
      'Show dead letters with their bodies; phone numbers and payment tokens are masked.',
      'dlq show --consumer payment',
      'dlq show --id 5fea7756-0ea4-451a-a703-a558b933e274 --reveal',
    ),
  )
    .option(
      '--limit <n>',
      'show at most this many (by default 20, and all of them with --json)',
      wholeNumber(1, 100_000),
    )
    .option('--reveal', 'show phone numbers and payment tokens too')
    .action(
      async ({ json, reveal, limit, ...options }: ShopOptions & Selectors & { reveal?: boolean; limit?: number }) => {
        checkSelectors(options, false);
        const plan = await lookAt(await open(options), options);
        show(
          plan.flatMap(({ letters }) => letters),
          { json, reveal, limit },
        );
      },
    );
}
