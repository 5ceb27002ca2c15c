import { formatMoney, plural } from '../format.ts';
import type { DueRefunds } from '../status/refunds.ts';
import type { AuditResult } from './audit.ts';
import type { RepairResult } from './repair.ts';

/** What an audit found, what waits for a person, how much it read, and what a repair has done about it. */
export type AuditReport = AuditResult & {
  refundsDue: DueRefunds;
  readUnits: number;
  repaired?: Omit<RepairResult, 'left'>;
};

/** Tells whether anything disagrees. A refund that is due waits for a person, but all agree on it. */
export const isClean = ({ disagreeing, shelves }: AuditResult): boolean =>
  disagreeing.length === 0 && shelves.wrong.length === 0;

/** Builds the JSON document of a report. */
export const auditDocument = ({ checked, disagreeing, ...report }: AuditReport) => ({
  checked,
  disagreeing: disagreeing.map(({ orderId, problem, repair, since, message }) => ({
    orderId,
    problem,
    since,
    repair,
    /** Whether `--repair` publishes what mends it; else a person does what `repair` says. */
    repairable: message !== undefined,
  })),
  ...report,
});

/** Formats a report: what disagrees, each with what mends it, then what waits, then what it amounts to. */
export function auditText(report: AuditReport): string {
  const { checked, disagreeing, settling, shelves, refundsDue, readUnits, repaired } = report;
  const wrong = shelves.wrong.map(({ sku, problem, repair }) => entry(`shelf ${sku}`, problem, repair));
  const found = [...disagreeing.map(({ orderId, problem, repair }) => entry(orderId, problem, repair)), ...wrong];
  const units = Math.round(readUnits);
  const lines = [
    repaired &&
      `Published ${plural(repaired.published, 'event')}${repaired.failed > 0 ? `, ${repaired.failed} failed` : ''}.`,
    settling > 0 &&
      `${plural(settling, 'order')} changed so lately that consumers may be at work: run it again in some minutes.`,
    shelves.moving > 0 &&
      `${plural(shelves.moving, 'shelf', 'shelves')} moved all the time: run it again in a quiet hour.`,
    ...refundLines(refundsDue),
    found.length === 0
      ? `All agree: ${plural(checked, 'order')}, ${plural(shelves.checked, 'shelf', 'shelves')} (${units} read units).`
      : `${disagreeing.length} of ${plural(checked, 'order')} and ${wrong.length} of ${plural(shelves.checked, 'shelf', 'shelves')} disagree (${units} read units).`,
  ];
  return [...found, ...lines.filter((line) => typeof line === 'string')].join('\n');
}

const entry = (name: string, problem: string, repair: string): string => `✗ ${name} – ${problem}\n  ${repair}\n`;

function refundLines({ count: due, oldest }: DueRefunds): string[] {
  if (due === 0) return [];
  const named = oldest.map((one) => `  ${one.orderId}: ${formatMoney(one)} since ${one.since} (${one.reason})`);
  const more = due > oldest.length ? [`  and ${due - oldest.length} more`] : [];
  return [`${plural(due, 'refund')} a person has to send (docs/runbook/refund-due.md):`, ...named, ...more];
}
