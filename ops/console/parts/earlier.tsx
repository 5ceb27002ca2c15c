import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { JobView } from '../api/live.ts';
import { Badge } from './badge.tsx';
import { time } from './format.ts';
import { stateTones } from './progress.tsx';
import { words } from './words.ts';

type Props = { jobs: readonly JobView[]; children: (job: JobView) => ComponentChildren };

/** Lists operations that ran before, each to be opened; what is inside is made only then. */
export function Earlier({ jobs, children }: Props): JSX.Element | null {
  if (jobs.length === 0) return null;
  return (
    <section class="earlier" aria-label={words('earlier')}>
      <h2>{words('earlier')}</h2>
      {jobs.map((job) => (
        <EarlierJob key={job.id} job={job}>
          {children}
        </EarlierJob>
      ))}
    </section>
  );
}

function EarlierJob({ job, children }: { job: JobView; children: Props['children'] }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const { title, state, startedAt } = job;
  return (
    <details class="panel" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        {time(startedAt)} {title}{' '}
        <Badge tone={stateTones[state]}>{words(state === 'failed' ? 'jobFailed' : state)}</Badge>
      </summary>
      {isOpen && children(job)}
    </details>
  );
}
