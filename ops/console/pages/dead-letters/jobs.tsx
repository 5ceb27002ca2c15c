import type { JSX } from 'preact';
import type { ActionResult } from '../../api/dead-letters.ts';
import type { JobView } from '../../api/live.ts';
import { JobProgress } from '../../parts/progress.tsx';
import { Link } from '../../parts/router.tsx';
import { letterJobs } from './changes.ts';
import { text } from './messages.ts';
import { letterUrl } from './urls.ts';

/** So many actions are shown, and so many reasons why one could not do all. */
const SHOWN_JOBS = 2;
const SHOWN_FAILURES = 20;

/** Shows what runs and ran last, and what it could not do and why. */
export function LetterJobs(): JSX.Element | null {
  const shown = letterJobs.value.filter(({ state }, index) => state === 'running' || index < SHOWN_JOBS);
  if (shown.length === 0) return null;
  return (
    <section class="stack" aria-labelledby="letter-jobs">
      <h2 id="letter-jobs">{text('running')}</h2>
      {shown.map((job) => (
        <div key={job.id}>
          <JobProgress job={job} />
          <JobOutcome job={job} />
        </div>
      ))}
    </section>
  );
}

/** Says what an action that ended did, and what it could not do. */
export function JobOutcome({ job }: { job: JobView }): JSX.Element | null {
  const result = job.result as ActionResult | undefined;
  if (result === undefined) return null;
  const { moved, total, missing, unread, failures, file, stopped } = result;
  return (
    <div class="job-result">
      {moved < total && <p>{text('moved', { n: moved, total })}</p>}
      {stopped !== undefined && <p>{stopped}</p>}
      {file !== undefined && <p>{text('keptIn', { file })}</p>}
      {missing > 0 && <p>{text('missing', { n: missing })}</p>}
      {unread > 0 && <p>{text('unread', { n: unread })}</p>}
      {failures.length > 0 && <Failures failures={failures} />}
    </div>
  );
}

/** Lists why letters were left, each reason once, with a link to the first that is still there. */
function Failures({ failures }: Pick<ActionResult, 'failures'>): JSX.Element {
  const groups = [...Map.groupBy(failures, ({ consumer, why }) => `${consumer} ${why}`).values()];
  return (
    <>
      <h3>{text('notDone')}</h3>
      <ul>
        {groups.slice(0, SHOWN_FAILURES).map(([first, ...others]) => {
          if (first === undefined) return null;
          const { consumer, id, why, gone } = first;
          const count = `${consumer}: ${text('total', { n: others.length + 1 })}`;
          return (
            <li key={id}>
              {gone ? count : <Link href={letterUrl({ consumer, messageId: id })}>{count}</Link>}, {why}
            </li>
          );
        })}
        {groups.length > SHOWN_FAILURES && <li>…</li>}
      </ul>
    </>
  );
}
