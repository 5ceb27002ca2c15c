import type { JSX } from 'preact';
import type { ActionResult, Became, LetterBecame } from '../../api/dead-letters.ts';
import type { JobView } from '../../api/live.ts';
import { Badge } from '../../parts/badge.tsx';
import { jobs } from '../../parts/live.ts';
import { JobProgress } from '../../parts/progress.tsx';
import { useResource } from '../../parts/resource.ts';
import { Link } from '../../parts/router.tsx';
import { JobOutcome } from './jobs.tsx';
import { text } from './messages.ts';
import { groupUrl, letterUrl } from './urls.ts';

/** An action on letters that this page began: those with one message. */
export type Sent = { job: JobView; ids: readonly string[]; orderId: string | undefined };

/** The action as it is now. */
export const jobOf = ({ job }: Sent): JobView => jobs.value.find(({ id }) => id === job.id) ?? job;

/** Tells whether all letters of an action were put back. */
export function isWhollySent(sent: Sent): boolean {
  const { state, result } = jobOf(sent);
  return state === 'done' && (result as ActionResult).moved === sent.ids.length;
}

/** Says how the action goes, and of letters that were put back what their consumers make of them. */
export function BecameOf({ sent }: { sent: Sent }): JSX.Element {
  const { ids, orderId } = sent;
  const job = jobOf(sent);
  const isWatched = job.kind === 'redrive' && job.state === 'done';
  const query = new URLSearchParams([
    ...ids.map((id) => ['id', id]),
    ...(orderId === undefined ? [] : [['order', orderId]]),
  ]);
  const { data } = useResource<Became>(isWatched ? `/api/dead-letters/became?${query}` : undefined, { live: true });
  return (
    <section class="panel" aria-labelledby="became">
      <h2 id="became">{text('became')}</h2>
      <JobProgress job={job} />
      <JobOutcome job={job} />
      {data !== undefined && (
        <ul class="stack" aria-live="polite">
          {data.letters.map((became) => (
            <Outcome key={became.consumer} became={became} />
          ))}
        </ul>
      )}
      {job.kind === 'unpark' && job.state === 'done' && (
        <p>
          <Link href={orderId === undefined ? '/dead-letters' : groupUrl({ order: orderId })}>{text('isBack')}</Link>
        </p>
      )}
      {orderId !== undefined && (
        <p>
          {data?.orderStatus !== undefined && `${text('orderIs', { status: data.orderStatus })} `}
          <Link href={`/orders/${encodeURIComponent(orderId)}`}>{text('seeOrder', { order: orderId })}</Link>
        </p>
      )}
    </section>
  );
}

/** Says what its consumer made of a letter. */
function Outcome({ became }: { became: LetterBecame }): JSX.Element {
  const { consumer, state, reason = '', messageId } = became;
  if (state === 'waiting') return <li>{text('watching', { consumer })}</li>;
  if (state === 'undecided') return <li>{text('undecided', { consumer, reason })}</li>;
  if (state === 'handled') {
    return (
      <li>
        <Badge tone="good">{text('handledWord')}</Badge> {text('handled', { consumer })}
      </li>
    );
  }
  return (
    <li>
      <Badge tone="bad">{text('failedAgainWord')}</Badge> {text('failedAgain', { consumer, reason })}{' '}
      {messageId !== undefined && <Link href={letterUrl({ consumer, messageId })}>{text('seeAgain')}</Link>}
    </li>
  );
}
