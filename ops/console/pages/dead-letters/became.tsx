import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { BecameOf } from '../../api/dead-letters.ts';
import type { JobView } from '../../api/live.ts';
import { Badge } from '../../parts/badge.tsx';
import { jobs } from '../../parts/live.ts';
import { JobProgress } from '../../parts/progress.tsx';
import { useResource } from '../../parts/resource.ts';
import { Link } from '../../parts/router.tsx';
import { JobOutcome } from './jobs.tsx';
import { text } from './messages.ts';
import { letterUrl } from './urls.ts';

/** An action on one letter that this page began. */
export type Sent = { job: JobView; consumer: string; id: string; orderId: string | undefined };

/** Says how the action goes, and of a letter that was put back what its consumer makes of it. */
export function Became({ sent }: { sent: Sent }): JSX.Element {
  const job = jobs.value.find(({ id }) => id === sent.job.id) ?? sent.job;
  const isWatched = job.kind === 'redrive' && job.state === 'done';
  const path = `/api/dead-letters/became/${encodeURIComponent(sent.consumer)}/${encodeURIComponent(sent.id)}`;
  const { data, reload } = useResource<BecameOf>(isWatched ? path : undefined, { live: true });
  const hasOrder = data?.state === 'handled' && sent.orderId !== undefined;
  const orderPath = `/api/orders/${encodeURIComponent(sent.orderId ?? '')}`;
  const order = useResource<{ status: string }>(hasOrder ? orderPath : undefined, { live: true });
  // The letter is seen again as soon as its job has ended.
  useEffect(reload, [job.state]);
  return (
    <section class="panel" aria-labelledby="became">
      <h2 id="became">{text('became')}</h2>
      <JobProgress job={job} />
      <JobOutcome job={job} />
      {data !== undefined && <Outcome became={data} sent={sent} />}
      {sent.orderId !== undefined && (
        <p>
          {order.data !== undefined && `${text('orderIs', { status: order.data.status })} `}
          <Link href={`/orders/${encodeURIComponent(sent.orderId)}`}>{text('seeOrder', { order: sent.orderId })}</Link>
        </p>
      )}
    </section>
  );
}

/** Says what its consumer made of a letter. */
function Outcome({ became, sent }: { became: BecameOf; sent: Sent }): JSX.Element {
  const { consumer } = sent;
  return (
    <ul class="stack" aria-live="polite">
      {became.state === 'waiting' && <li>{text('watching', { consumer })}</li>}
      {became.state === 'handled' && (
        <li>
          <Badge tone="good">{text('handled', { consumer })}</Badge>
        </li>
      )}
      {became.state === 'undecided' && <li>{text('undecided', { consumer, reason: became.reason ?? '' })}</li>}
      {became.state === 'failed again' && (
        <li>
          <Badge tone="bad">{text('failedAgainWord')}</Badge>{' '}
          {text('failedAgain', { consumer, reason: became.reason ?? '' })}{' '}
          {became.messageId !== undefined && (
            <Link href={letterUrl({ consumer, messageId: became.messageId })}>{text('seeAgain')}</Link>
          )}
        </li>
      )}
    </ul>
  );
}
