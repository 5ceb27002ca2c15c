import { type Command, Option } from 'commander';
import { type ShopOptions, shopCommand, wholeNumber } from '../command.ts';
import { underHeader } from '../header.ts';
import { interruptible } from '../interruption.ts';
import { print } from '../output.ts';
import { printNotice, runStep } from '../progress.ts';
import { connectToShop, type DeployedShop } from '../stack.ts';
import { formatDeadLetters, formatGroups, formatOrderGroups, toJson } from './format.ts';
import { groupByReason } from './group.ts';
import { groupByOrder } from './group-by-order.ts';
import { planForParked } from './parking-queue.ts';
import { checkSelectors, matcherOf, narrowPlan, type Plan, planFor, type Selectors } from './plan.ts';
import { connectQueues } from './queue.ts';

const DEFAULT_LIMIT = 20;

type ListOptions = ShopOptions & Selectors & { by: 'reason' | 'order' };

/** `ops dlq list` */
export function listCommand(): Command {
  return addSelectorOptions(
    shopCommand(
      'list',
      'List the dead letters of all consumers and partners, by whose they are and reason, or by order.',
      'dlq list',
      'dlq list --by order',
    ),
  )
    .addOption(
      new Option('--by <what>', 'a row for each consumer and reason, or for each order')
        .choices(['reason', 'order'])
        .default('reason'),
    )
    .action(list);
}

async function list({ json, by, ...options }: ListOptions): Promise<void> {
  checkSelectors(options, false);
  const shop = await connectToShop(options);
  const plan = await scanWithProgress(shop, options, { parked: 'too' });
  const found = plan.flatMap(({ deadLetters }) => deadLetters);
  if (by === 'order') {
    const groups = groupByOrder(found);
    print(
      json,
      groups,
      underHeader(shop, (layout) => formatOrderGroups(groups, layout)),
    );
  } else {
    const groups = groupByReason(found);
    print(
      json,
      groups,
      underHeader(shop, (layout) => formatGroups(groups, layout)),
    );
  }
}

/** `ops dlq show` */
export function showCommand(): Command {
  return addSelectorOptions(
    shopCommand(
      'show',
      'Show dead letters with their bodies; whatever may be personal is masked.',
      'dlq show --consumer payment',
      'dlq show --id 5fea7756-0ea4-451a-a703-a558b933e274 --reveal',
    ),
  )
    .option(
      '--limit <n>',
      'show at most this many (by default 20, and all of them with --json)',
      wholeNumber(1, 100_000),
    )
    .option('--reveal', 'show everything, personal data too')
    .action(
      async ({
        json,
        reveal = false,
        limit,
        ...options
      }: ShopOptions & Selectors & { reveal?: boolean; limit?: number }) => {
        checkSelectors(options, false);
        const shop = await connectToShop(options);
        const plan = await scanWithProgress(shop, options, { parked: 'too' });
        if (reveal) printNotice('Personal data is shown.');
        const found = plan.flatMap(({ deadLetters }) => deadLetters);
        const oldestFirst = found.sort((one, other) => (one.failedAt < other.failedAt ? -1 : 1));
        const shown = oldestFirst.slice(0, limit ?? (json ? found.length : DEFAULT_LIMIT));
        const document = shown.map((deadLetter) => toJson(deadLetter, reveal));
        const text = () => formatDeadLetters(shown, { reveal, omitted: found.length - shown.length });
        print(json, document, underHeader(shop, text));
      },
    );
}

/** Adds the options that select dead letters. */
export function addSelectorOptions(command: Command): Command {
  return command
    .option('--consumer <name>', 'of this consumer or partner only')
    .option('--reason <text>', 'whose error or reason contains this')
    .option('--order <orderId>', 'of this order only')
    .option('--id <messageId>', 'this one only');
}

type ScanCommandOptions = {
  awaitInFlight?: boolean;
  /** Whether parked ones are looked for. @default none */
  parked?: 'none' | 'too' | 'only';
};

/** Finds the selected dead letters; shows the progress, and releases what it received also after Ctrl-C. */
export async function scanWithProgress(
  shop: DeployedShop,
  options: Selectors,
  { awaitInFlight = false, parked = 'none' }: ScanCommandOptions = {},
): Promise<Plan> {
  const queues = parked === 'only' ? [] : connectQueues(shop, options.consumer);
  const selects = matcherOf(options);
  const stopAt = options.id === undefined ? undefined : selects;
  return interruptible('Interrupted: releasing the dead letters.', (signal) =>
    runStep('scanning the dead-letter queues', async () => {
      const common = { awaitInFlight, signal, notify: printNotice };
      // Each scan releases what it received, so none is left running when the other one fails.
      const scans = await Promise.allSettled([
        planFor(queues, selects, { ...common, stopAt }),
        parked === 'none' ? [] : planForParked(shop, options, common),
      ]);
      const [plan = [], parkedPlan = []] = scans.map((one) => {
        if (one.status === 'rejected') throw one.reason;
        return one.value;
      });
      // A command that was killed while it parked leaves a letter in both queues.
      const ids = new Set(plan.flatMap(({ deadLetters }) => deadLetters.map(({ id }) => id)));
      return [...plan, ...narrowPlan(parkedPlan, ({ id }) => !ids.has(id))];
    }),
  );
}
