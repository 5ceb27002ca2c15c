import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { AuditCost, AuditView } from '../../api/audit.ts';
import type { JobView } from '../../api/live.ts';
import { ActionButton } from '../../parts/button.tsx';
import { confirmDialog } from '../../parts/dialog.tsx';
import { Earlier } from '../../parts/earlier.tsx';
import { ApiError, postJson } from '../../parts/fetch.ts';
import { money, time } from '../../parts/format.ts';
import { jobs, readOnly } from '../../parts/live.ts';
import { Page } from '../../parts/page.tsx';
import { JobProgress } from '../../parts/progress.tsx';
import { useResource } from '../../parts/resource.ts';
import { Empty, Failed } from '../../parts/state.tsx';
import { words } from '../../parts/words.ts';
import { text } from './messages.ts';
import { AuditResult } from './result.tsx';
import './audit.css';

const isAudit = ({ kind }: JobView): boolean => kind === 'audit' || kind === 'repair';

/** Runs the audit, shows what disagrees, and has it repaired. */
export function AuditPage(): JSX.Element {
  const { data, error, reload } = useResource<AuditCost>('/api/audit');
  const [wrong, setWrong] = useState<string | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  const send = async (path: string, body: object) => {
    setBusy(true);
    setWrong(undefined);
    await postJson<JobView>(path, body).catch((reason: unknown) =>
      setWrong(reason instanceof ApiError ? reason.message : String(reason)),
    );
    setBusy(false);
  };
  const [latest, ...earlier] = jobs.value.filter(isAudit);
  const isRunning = latest?.state === 'running';
  return (
    <Page
      title={words('audit')}
      intro={text('intro')}
      actions={
        <ActionButton kind="primary" busy={busy || isRunning} onClick={() => send('/api/audit', {})}>
          {text('run')}
        </ActionButton>
      }
    >
      {error !== undefined && <Failed error={error} onRetry={reload} />}
      {data !== undefined && <p class="hint">{costText(data)}</p>}
      {wrong !== undefined && (
        <p class="hint wrong" role="alert">
          {wrong}
        </p>
      )}
      {latest === undefined ? (
        <Empty title={text('notYet')}>{text('notYetHint')}</Empty>
      ) : (
        <section class="audit-part" aria-label={text('latest')}>
          <Finished job={latest} busy={busy} onRepair={(audit) => send('/api/audit/repair', { audit })} />
        </section>
      )}
      <Earlier jobs={earlier}>
        {(job) =>
          job.result === undefined ? (
            <JobProgress job={job} />
          ) : (
            <AuditResult view={job.result as AuditView} at={`, ${time(job.startedAt)}`} />
          )
        }
      </Earlier>
    </Page>
  );
}

function costText({ unitsPerSecond, dollarsPerMillionUnits }: AuditCost): string {
  if (readOnly.value) return text('readOnly');
  if (dollarsPerMillionUnits === 0) return text('costLocal');
  const dollars = money({ amount: Math.round(dollarsPerMillionUnits * 100), currency: 'USD' });
  return text('costAws', { units: unitsPerSecond, dollars });
}

type FinishedProps = { job: JobView; busy: boolean; onRepair: (auditId: string) => void };

/** Shows an audit or a repair while it runs and what came out; what an audit found can be repaired. */
function Finished({ job, busy, onRepair }: FinishedProps): JSX.Element {
  const view = job.result as AuditView | undefined;
  if (view === undefined) return <JobProgress job={job} />;
  const { repairable, disagreeingCount } = view;
  const repair = async () => {
    const isAgreed = await confirmDialog({
      title: text('repairTitle', { n: repairable }),
      text: text('repairText'),
      action: text('repairAction', { n: repairable }),
    });
    if (isAgreed) onRepair(job.id);
  };
  return (
    <>
      <JobProgress job={job} />
      <AuditResult view={view}>
        {disagreeingCount > 0 && (
          <div class="audit-repair">
            {job.kind === 'audit' && repairable > 0 && (
              <ActionButton busy={busy} onClick={repair}>
                {text('repair')}
              </ActionButton>
            )}
            <p class="hint">{repairText(job, repairable)}</p>
          </div>
        )}
      </AuditResult>
    </>
  );
}

function repairText({ kind }: JobView, repairable: number): string {
  if (repairable === 0) return text('noRepair');
  return kind === 'audit' ? text('repairHint', { n: repairable }) : text('old');
}
