import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { busPublisher } from '../../lambdas/runtime/publish.ts';
import type { DeployedShop } from '../stack.ts';
import { readDueRefunds } from '../status/refunds.ts';
import { readSweepTimes } from '../sweep-times.ts';
import { type AuditOptions, type AuditResult, audit } from './audit.ts';
import { connectTables } from './connect.ts';
import type { AuditReport } from './format.ts';
import { isRepairable, type RepairResult, repair } from './repair.ts';

/**
 * Read units a second that an audit takes from the tables, where nothing else is asked for. A partition of DynamoDB gives 3,000, and a scan reads
 * one partition after the other.
 */
export const AUDIT_UNITS_PER_SECOND = 500;
/** How long a repair waits for the consumers, in seconds, where nothing else is asked for. */
export const REPAIR_PATIENCE_SECONDS = 120;

type RunOptions = { rate: number } & Pick<AuditOptions, 'onProgress' | 'signal'>;

/** An audit that has run: what it found, and what can be done about that. */
export type FinishedAudit = {
  /** How many orders `repair` publishes an event for. */
  repairable: number;
  report: AuditReport;
  /** Publishes what mends what disagrees, waits for the consumers, and reports what is left. */
  repair(options: { patience: number; signal: AbortSignal }): Promise<AuditReport>;
};

/** Audits the deployed shop. It only reads. */
export async function startAudit(shop: DeployedShop, { rate, ...options }: RunOptions): Promise<FinishedAudit> {
  const { tables, consumed } = connectTables(shop, rate);
  const times = await readSweepTimes(shop);
  const found = await audit(tables, { times, ...options });
  return {
    repairable: found.disagreeing.filter(isRepairable).length,
    report: await reportOf(shop, found, consumed()),
    async repair({ patience, signal }) {
      const publish = busPublisher(shop.output('EventBusName'), new EventBridgeClient(shop.config));
      const run = { tables, times, progress: await tables.progress() };
      const repaired = await repair(run, found.disagreeing, { publish, waitSeconds: patience, signal });
      return reportOf(shop, found, consumed(), repaired);
    },
  };
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
