import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { Command } from 'commander';
import { busPublisher } from '../../lambdas/runtime/publish.ts';
import { type ChangeOptions, changingCommand, wholeNumber } from '../command.ts';
import { confirmChange } from '../confirm.ts';
import { plural } from '../format.ts';
import { underHeader } from '../header.ts';
import { interruptible } from '../interruption.ts';
import { print, printNothingTouched } from '../output.ts';
import { printNotice, updateStatusLine } from '../progress.ts';
import { connectToShop, type DeployedShop } from '../stack.ts';
import { readDueRefunds } from '../status/refunds.ts';
import { readSweepTimes } from '../sweep-times.ts';
import { type AuditOptions, type AuditResult, audit } from './audit.ts';
import { connectTables } from './connect.ts';
import { type AuditReport, auditDocument, auditText, isClean } from './format.ts';
import { isRepairable, type RepairResult, repair } from './repair.ts';
import type { AuditTables } from './tables.ts';

// A partition of DynamoDB gives 3,000 read units a second, and a scan reads one partition after the other.
const UNITS_PER_SECOND = 500;
const PATIENCE_SECONDS = 120;

type Options = ChangeOptions & { repair?: true; rate: number; patience: number };

/** `ops audit` */
export function auditCommand(): Command {
  return changingCommand(
    'audit',
    'Hold every order against its payment, goods, texts and shipment, and every shelf against what came in.',
    'audit',
    'audit --repair',
    'audit --aws --json --rate 100',
  )
    .option('--repair', 'have what disagrees mended, by the events that the sweep would publish; no table is written')
    .option(
      '--rate <units>',
      'read units a second that it takes from the tables',
      wholeNumber(1, 100_000),
      UNITS_PER_SECOND,
    )
    .option(
      '--patience <seconds>',
      'with --repair: how long to wait for the consumers',
      wholeNumber(1, 3_600),
      PATIENCE_SECONDS,
    )
    .action(run);
}

async function run({ json, aws, yes, rate, patience, ...options }: Options): Promise<void> {
  const shop = await connectToShop({ aws });
  const { tables, consumed } = connectTables(shop, rate);
  const times = await readSweepTimes(shop);
  const found = await interruptible('Interrupted: nothing was changed.', (signal) =>
    audit(tables, { times, onProgress: progressReporter(), signal }),
  );
  const repairable = found.disagreeing.filter(isRepairable).length;
  const events = `${repairable} ${repairable === 1 ? 'event' : 'events'}`;
  let repaired: RepairResult | undefined;
  if (options.repair && repairable > 0) {
    printNotice(auditText(await reportOf(shop, found, consumed())));
    const question = `Publish ${events} about orders that disagree?`;
    if (!(await confirmChange(shop, question, { yes, always: true }))) return printNothingTouched(json);
    repaired = await mend(shop, tables, found, { times, patience });
  }
  const report = await reportOf(shop, found, consumed(), repaired);
  print(
    json,
    auditDocument(report),
    underHeader(shop, () => auditText(report)),
  );
  if (!isClean(report) || (repaired?.failed ?? 0) > 0) process.exitCode = 1;
}

async function mend(
  shop: DeployedShop,
  tables: AuditTables,
  { disagreeing }: AuditResult,
  { times, patience }: Pick<AuditOptions, 'times'> & Pick<Options, 'patience'>,
): Promise<RepairResult> {
  const publish = busPublisher(shop.output('EventBusName'), new EventBridgeClient(shop.config));
  const run = { tables, times, progress: await tables.progress() };
  printNotice('Publishing, and waiting for the consumers.');
  return interruptible(
    'Interrupted: what was published is carried out all the same; run it again to see what is left.',
    (signal) => repair(run, disagreeing, { publish, waitSeconds: patience, signal }),
  );
}

async function reportOf(
  shop: DeployedShop,
  found: AuditResult,
  readUnits: number,
  repaired?: RepairResult,
): Promise<AuditReport> {
  const refundsDue = await readDueRefunds(shop);
  if (repaired === undefined) return { ...found, refundsDue, readUnits };
  const { left: disagreeing, ...events } = repaired;
  return { ...found, disagreeing, refundsDue, readUnits, repaired: events };
}

const REPORT_MS = 10_000;

/** Shows how far an audit is: on a terminal all the time, else now and then. */
function progressReporter(): NonNullable<AuditOptions['onProgress']> {
  let reportedAt = Date.now();
  return ({ orders, others }) => {
    const line = `${plural(orders, 'order')} checked${others > 0 ? `, ${plural(others, 'record')} of others looked up` : ''}`;
    updateStatusLine(line);
    if (Date.now() - reportedAt < REPORT_MS) return;
    reportedAt = Date.now();
    printNotice(line);
  };
}
