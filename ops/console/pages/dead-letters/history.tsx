import type { JSX } from 'preact';
import type { PastRedriveView } from '../../api/dead-letters.ts';
import { Badge } from '../../parts/badge.tsx';
import { time } from '../../parts/format.ts';
import { Link } from '../../parts/router.tsx';
import { Failed } from '../../parts/state.tsx';
import { useLetters } from './changes.ts';
import { text } from './messages.ts';
import { letterUrl } from './urls.ts';

/** What was put back from this machine, when, by whom, and what became of it. */
export function History(): JSX.Element {
  const { data, error, reload } = useLetters<PastRedriveView[]>('/api/dead-letters/history');
  return (
    <section class="stack" aria-labelledby="history">
      <h2 id="history">{text('history')}</h2>
      {error !== undefined && <Failed error={error} onRetry={reload} />}
      {data?.length === 0 && <p class="muted">{text('noHistory')}</p>}
      {data !== undefined && data.length > 0 && (
        <ul class="history">
          {data.map((past) => (
            <li key={past.run}>
              <time dateTime={past.time}>{time(past.time)}</time>
              <span class="what">
                <What past={past} />
              </span>
              <span>
                <Outcome past={past} />
              </span>
              <span class="muted">{text('by', { who: past.who })}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** How many letters, and whose; a single one leads to its order. */
function What({ past: { how, moved, consumers, orderId } }: { past: PastRedriveView }): JSX.Element {
  const of = consumers.join(', ');
  return (
    <>
      {text(how === 'carefully' ? 'putBackCarefully' : 'putBack', { n: moved, consumers: of })}
      {orderId !== undefined && (
        <>
          {' '}
          <Link href={`/orders/${encodeURIComponent(orderId)}`}>{orderId}</Link>
        </>
      )}
    </>
  );
}

/** How many failed again, or could not be put back, with the first of them. */
function Outcome({ past }: { past: PastRedriveView }): JSX.Element {
  const { failedAgain, notMoved, again, why } = past;
  if (failedAgain === 0 && notMoved === 0) return <Badge tone="good">{text('noneAgain')}</Badge>;
  return (
    <>
      {failedAgain > 0 && <Badge tone="bad">{text('someAgain', { n: failedAgain })}</Badge>}{' '}
      {again !== undefined && <Link href={letterUrl(again)}>{again.reason}</Link>}
      {notMoved > 0 && <p>{text('someNotMoved', { n: notMoved, why: why ?? '' })}</p>}
    </>
  );
}
