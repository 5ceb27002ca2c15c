import type { Command } from 'commander';
import { ulid } from 'ulid';
import { constructIdOf } from '../../infra/names.ts';
import { type ConsumerName, routing } from '../../infra/routing.ts';
import { type ShopOptions, shopCommand, wholeNumber } from '../command.ts';
import { table } from '../format.ts';
import { interruptible } from '../interruption.ts';
import { print } from '../output.ts';
import { runStep } from '../progress.ts';
import { connectToShop } from '../stack.ts';
import type { ReplayCounts, ReplaySelection } from './choose.ts';
import { replay } from './run.ts';
import { parseTime } from './time.ts';

type Options = ShopOptions & {
  to: string;
  from: string;
  until: string;
  type?: string[];
  order?: string;
  dryRun?: boolean;
  withEffects?: boolean;
  rate: number;
};

/** `ops replay` */
export function replayCommand(): Command {
  return shopCommand(
    'replay',
    'Send events of the archive to one consumer again; it completes its own record, and nothing else happens.',
    'replay --to notification --from 2h --until 1h --dry-run',
    'replay --to stock --from 2026-11-21T09:00:00Z --until 2026-11-21T10:00:00Z --order o-1001',
  )
    .requiredOption('--to <consumer>', `the one consumer that gets them: ${Object.keys(routing).join(', ')}`)
    .requiredOption('--from <time>', 'the first moment, such as 2026-11-21T09:00:00Z, or how long ago: 90m, 2h, 7d')
    .option('--until <time>', 'the moment after the last', 'now')
    .option('--type <type...>', 'events of these types only')
    .option('--order <orderId>', 'events of this order only')
    .option('--dry-run', 'count them and send nothing')
    .option(
      '--with-effects',
      'let the consumer charge, refund, text and publish where its record does not show that it has',
    )
    .option('--rate <n>', 'at most so many events a second', wholeNumber(1, 10_000), 200)
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { json, aws, to, dryRun = false, withEffects = false, rate } = options;
  const now = new Date();
  const from = parseTime(options.from, now);
  const until = parseTime(options.until, now);
  if (from >= until) throw new Error(`--from ${from.toISOString()} must be before --until ${until.toISOString()}.`);
  const wanted = selectionFor(to, options);
  const shop = await connectToShop({ aws });
  const name = `replay-${ulid()}`;
  const queueUrl = shop.output(`${constructIdOf(to)}QueueUrl`);
  const destination = { queueUrl, name, withEffects };

  const tally = await interruptible('Interrupted: stopping after the events under way.', (signal) =>
    runStep(dryRun ? 'counting' : `replaying to ${to}`, () =>
      replay(shop, { wanted, from, until, destination, dryRun, rate, signal }),
    ),
  );
  const span = { from: from.toISOString(), until: until.toISOString() };
  print(json, { ...tally, consumer: to, ...span, dryRun, withEffects, ...(dryRun ? {} : { name }) }, () =>
    report(tally, `${dryRun ? 'would be sent' : 'sent'} to ${to}${withEffects ? ', with effects' : ''}`),
  );
}

/** Takes a consumer's name and the options and gives what it can be sent; throws a sentence where it is nothing. */
export function selectionFor(to: string, { type, order }: Pick<Options, 'type' | 'order'>): ReplaySelection {
  if (!Object.hasOwn(routing, to)) {
    throw new Error(`There is no consumer ${to}: --to takes one of ${Object.keys(routing).join(', ')}.`);
  }
  const contracts = routing[to as ConsumerName].consumes;
  const known: readonly string[] = contracts.map((contract) => contract.type);
  const foreign = type?.find((one) => !known.includes(one));
  if (foreign !== undefined) throw new Error(`${to} does not understand ${foreign}, only ${known.join(', ')}.`);
  return { contracts, order, ...(type === undefined ? {} : { types: type }) };
}

function report({ count, types, repeated, broken }: ReplayCounts, done: string): string {
  const rows = Object.entries(types).sort(([one], [other]) => (one < other ? -1 : 1));
  const notes = [
    ...(repeated > 0 ? [`${repeated} repeat an event that came before: left out.`] : []),
    ...(broken > 0 ? [`${broken} break their contract: left out.`] : []),
  ];
  return [...(rows.length > 0 ? [table(['event', 'count'], rows), ''] : []), `${count} ${done}.`, ...notes].join('\n');
}
