import type { Command } from 'commander';
import { changingCommand } from '../command.ts';
import { confirmChange } from '../confirm.ts';
import { NOTHING_TOUCHED } from '../output.ts';
import { connectToShop } from '../stack.ts';
import { scanWithProgress } from './inspect-commands.ts';
import { describePlan, unseenIn } from './outcome.ts';
import { parkPlan, unparkPlan } from './park.ts';
import { checkParkingNote } from './parked.ts';
import { checkSelectors, matcherOf, sizeOf, unreadMeant } from './plan.ts';
import {
  type Action,
  addMoveOptions,
  type MoveOptions,
  printNothingDone,
  reportNothingFound,
  runWithProgress,
} from './plan-commands.ts';

const PARK: Action = { pastTense: 'parked', countKey: 'parked' };
const UNPARK: Action = { pastTense: 'put back into their dead-letter queues', countKey: 'unparked' };

/** `ops dlq park` */
export function parkCommand(): Command {
  return addMoveOptions(
    changingCommand(
      'park',
      'Move dead letters that somebody looks after out of sight of alarms and status; they come back by themselves before they end.',
      "dlq park --order '#1029' --owner ana --note 'waits for the bank' --link https://example.com/tickets/7",
    ),
  )
    .option('--owner <name>', 'who looks after them')
    .option('--note <text>', 'what they wait for')
    .option('--link <url>', 'where more is written: a ticket, a thread')
    .action(runPark);
}

type ParkOptions = MoveOptions & { owner?: string; note?: string; link?: string };

async function runPark({ json, yes, owner = '', note, link, ...options }: ParkOptions): Promise<void> {
  checkSelectors(options, true);
  const parkingNote = checkParkingNote({ owner, note, link });
  const startedAt = Date.now();
  const shop = await connectToShop(options);
  // A deployment that is too old has none, and says so before anything is scanned.
  shop.output('ParkedLettersQueueUrl');
  const plan = await scanWithProgress(shop, options, { awaitInFlight: true });
  const unread = unreadMeant(options);
  if (sizeOf(plan) === 0) return reportNothingFound(json, PARK, unseenIn(plan, unread, startedAt));
  const question = `Park ${describePlan(plan, unread)} with ${parkingNote.owner}?`;
  if (!(await confirmChange(shop, question, { yes, always: true }))) {
    return printNothingDone(json, PARK, NOTHING_TOUCHED);
  }
  await runWithProgress({ plan, unread, startedAt, json, action: PARK }, (context) =>
    parkPlan(shop, plan, parkingNote, { startedAt, selects: matcherOf(options), unread, ...context }),
  );
}

/** `ops dlq unpark` */
export function unparkCommand(): Command {
  return addMoveOptions(
    changingCommand(
      'unpark',
      'Put parked letters back into their dead-letter queues, as they were.',
      "dlq unpark --order '#1029'",
      'dlq unpark --all --yes',
    ),
  ).action(runUnpark);
}

async function runUnpark({ json, yes, ...options }: MoveOptions): Promise<void> {
  checkSelectors(options, true);
  const startedAt = Date.now();
  const shop = await connectToShop(options);
  const plan = await scanWithProgress(shop, options, { awaitInFlight: true, parked: 'only' });
  if (sizeOf(plan) === 0) return reportNothingFound(json, UNPARK, unseenIn(plan, 'none', startedAt));
  const question = `Put ${describePlan(plan, 'none')} back into their dead-letter queues?`;
  if (!(await confirmChange(shop, question, { yes, always: true }))) {
    return printNothingDone(json, UNPARK, NOTHING_TOUCHED);
  }
  await runWithProgress({ plan, unread: 'none', startedAt, json, action: UNPARK }, (context) =>
    unparkPlan(shop, plan, { startedAt, selects: matcherOf(options), unread: 'none', ...context }),
  );
}
