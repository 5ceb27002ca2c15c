import type { Command } from 'commander';
import { type ChangeOptions, changingCommand, wholeNumber } from '../command.ts';
import { confirmChange } from '../confirm.ts';
import { plural } from '../format.ts';
import { underHeader } from '../header.ts';
import { interruptible } from '../interruption.ts';
import { print, printNothingTouched } from '../output.ts';
import { printNotice, updateStatusLine } from '../progress.ts';
import { connectToShop } from '../stack.ts';
import type { AuditOptions } from './audit.ts';
import { auditDocument, auditText, isClean } from './format.ts';
import { AUDIT_UNITS_PER_SECOND, REPAIR_PATIENCE_SECONDS, startAudit } from './start.ts';

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
      AUDIT_UNITS_PER_SECOND,
    )
    .option(
      '--patience <seconds>',
      'with --repair: how long to wait for the consumers',
      wholeNumber(1, 3_600),
      REPAIR_PATIENCE_SECONDS,
    )
    .action(run);
}

async function run({ json, aws, yes, rate, patience, ...options }: Options): Promise<void> {
  const shop = await connectToShop({ aws });
  const audited = await interruptible('Interrupted: nothing was changed.', (signal) =>
    startAudit(shop, { rate, onProgress: progressReporter(), signal }),
  );
  let { report } = audited;
  if (options.repair && audited.repairable > 0) {
    printNotice(auditText(report));
    const events = `${audited.repairable} ${audited.repairable === 1 ? 'event' : 'events'}`;
    const question = `Publish ${events} about orders that disagree?`;
    if (!(await confirmChange(shop, question, { yes, always: true }))) return printNothingTouched(json);
    printNotice('Publishing, and waiting for the consumers.');
    report = await interruptible(
      'Interrupted: what was published is carried out all the same; run it again to see what is left.',
      (signal) => audited.repair({ patience, signal }),
    );
  }
  print(
    json,
    auditDocument(report),
    underHeader(shop, () => auditText(report)),
  );
  if (!isClean(report) || (report.repaired?.failed ?? 0) > 0) process.exitCode = 1;
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
