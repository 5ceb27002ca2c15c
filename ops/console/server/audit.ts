import type { Hono } from 'hono';
import * as v from 'valibot';
import { type AuditReport, auditDocument } from '../../audit/format.ts';
import { isRepairable } from '../../audit/repair.ts';
import { AUDIT_UNITS_PER_SECOND, type FinishedAudit, REPAIR_PATIENCE_SECONDS, startAudit } from '../../audit/start.ts';
import { cost, listPrices } from '../../estimate/prices.ts';
import { plural } from '../../format.ts';
import type { AuditCost, AuditView } from '../api/audit.ts';
import { action, query } from './actions.ts';
import type { Console } from './console.ts';
import type { Job } from './jobs.ts';

/** So much of what disagrees goes to the page; the command has all of it. */
const MAX_LISTED = 500;

/** Adds the audit, which only reads, and the repair of what the last one found. */
export function auditRoutes(app: Hono, console: Console): void {
  let last: { job: string; audit: FinishedAudit } | undefined;
  app.get('/api/audit', (context) => context.json(costOf(console)));
  query(app, {
    path: '/api/audit',
    body: v.object({}),
    async run() {
      assertIdle(console);
      const view = console.jobs.start({ kind: 'audit', title: 'Audit' }, async (job) => {
        const audit = await runAudit(console, job);
        last = { job: view.id, audit };
        return viewOf(audit.report);
      });
      return view;
    },
  });
  action(app, console, {
    path: '/api/audit/repair',
    body: v.object({ audit: v.string() }),
    logged: (input) => input,
    async run(input) {
      assertIdle(console);
      if (last?.job !== input.audit) throw new Error('What that audit found was repaired or is old: run it again.');
      const { audit } = last;
      if (audit.repairable === 0) throw new Error('No event mends what that audit found.');
      last = undefined;
      return console.jobs.start({ kind: 'repair', title: `Repair of ${plural(audit.repairable, 'order')}` }, (job) =>
        runRepair(audit, job),
      );
    },
  });
}

function assertIdle({ jobs }: Console): void {
  const isRunning = jobs
    .views()
    .some(({ kind, state }) => state === 'running' && (kind === 'audit' || kind === 'repair'));
  if (isRunning) throw new Error('An audit or a repair is running: stop it, or wait until it has ended.');
}

const costOf = ({ shop }: Console): AuditCost => ({
  unitsPerSecond: AUDIT_UNITS_PER_SECOND,
  dollarsPerMillionUnits: shop.local ? 0 : cost(1_000_000, listPrices.prices['dynamodb.read']),
});

const runAudit = ({ shop }: Console, job: Job): Promise<FinishedAudit> =>
  startAudit(shop, {
    rate: AUDIT_UNITS_PER_SECOND,
    signal: job.signal,
    onProgress: ({ orders, others }) =>
      job.progress({
        done: orders,
        text: `${plural(orders, 'order')} checked${others > 0 ? `, ${plural(others, 'record')} of others looked up` : ''}`,
      }),
  });

async function runRepair(audit: FinishedAudit, job: Job): Promise<AuditView> {
  const events = plural(audit.repairable, 'event');
  job.progress({ text: `Publishing ${events}, and waiting for the consumers` });
  const view = viewOf(await audit.repair({ patience: REPAIR_PATIENCE_SECONDS, signal: job.signal }));
  job.progress({
    text: `${events} published; ${plural(view.disagreeingCount, 'order disagrees', 'orders disagree')} still`,
  });
  return view;
}

function viewOf(report: AuditReport): AuditView {
  const { disagreeing, ...document } = auditDocument(report);
  return {
    ...document,
    disagreeing: disagreeing.slice(0, MAX_LISTED),
    disagreeingCount: disagreeing.length,
    repairable: report.disagreeing.filter(isRepairable).length,
  };
}
