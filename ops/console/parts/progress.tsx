import type { JSX } from 'preact';
import type { JobView } from '../api/live.ts';
import { Badge, type Tone } from './badge.tsx';
import { ActionButton } from './button.tsx';
import { postJson } from './fetch.ts';
import { time } from './format.ts';
import { words } from './words.ts';

export const stateTones: Record<JobView['state'], Tone> = {
  running: 'info',
  done: 'good',
  failed: 'bad',
  stopped: 'warn',
};

/** Shows how far an operation is, and stops it. */
export function JobProgress({ job }: { job: JobView }): JSX.Element {
  const { id, title, startedAt, state, done, total, text, error } = job;
  const isRunning = state === 'running';
  const bounds = total === null ? {} : { 'aria-valuemin': 0, 'aria-valuemax': total, 'aria-valuenow': done };
  return (
    <section class="job" aria-label={`${title}, ${time(startedAt)}`}>
      <header>
        <span class="job-title">{title}</span>
        <Badge tone={stateTones[state]}>{words(state === 'failed' ? 'jobFailed' : state)}</Badge>
        {isRunning && (
          <ActionButton onClick={() => postJson(`/api/jobs/${encodeURIComponent(id)}/stop`)}>
            {words('stop')}
          </ActionButton>
        )}
      </header>
      {isRunning && (
        <div class={total === null ? 'progress unknown' : 'progress'} role="progressbar" aria-label={title} {...bounds}>
          <div style={{ width: total === null ? '30%' : `${total === 0 ? 100 : (done / total) * 100}%` }} />
        </div>
      )}
      <p>{error ?? (text || (total === null ? '' : words('of', { done, total })))}</p>
    </section>
  );
}
