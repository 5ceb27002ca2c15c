import type { ComponentChildren, JSX } from 'preact';
import type { LetterView } from '../../api/dead-letters.ts';
import { ago, time } from '../../parts/format.ts';
import { Link } from '../../parts/router.tsx';
import { Expiry } from './expiry.tsx';
import { text } from './messages.ts';
import { Ticket } from './parked-table.tsx';
import { letterUrl } from './urls.ts';

/** Says why a letter is here, since when and until when, and whose it is. */
export function LetterFacts({ view }: { view: LetterView }): JSX.Element {
  const { letter, parked, expiresAt, alike } = view;
  const { errorType, reason, failedAt, attempts, stackTrace = [], orderId, group } = letter;
  const attributes = Object.entries(letter.attributes);
  return (
    <dl class="letter-facts" aria-label={text('facts')}>
      <Fact name={text('error')}>
        <span class="mono">{errorType}</span> {reason}
        {stackTrace.map((line) => (
          <code key={line} class="block">
            {line}
          </code>
        ))}
      </Fact>
      <Fact name={text('failed')}>
        <time dateTime={failedAt}>{time(failedAt)}</time>, {ago(failedAt)}
        {attempts !== undefined && `, ${text('attemptsOf', { n: attempts })}`}
      </Fact>
      {orderId !== undefined && (
        <Fact name={text('order')}>
          <Link href={`/orders/${encodeURIComponent(orderId)}`}>{orderId}</Link>
        </Fact>
      )}
      {group !== undefined && group !== orderId && <Fact name={text('queue')}>{group}</Fact>}
      <Fact name={text(parked === undefined ? 'expires' : 'keptUntil')}>
        <Expiry at={parked?.expiresAt ?? expiresAt} />
      </Fact>
      {parked !== undefined && (
        <>
          <Fact name={text('owner')}>{parked.owner}</Fact>
          {parked.note !== null && <Fact name={text('note')}>{parked.note}</Fact>}
          {parked.link !== null && (
            <Fact name={text('link')}>
              <Ticket link={parked.link} />
            </Fact>
          )}
        </>
      )}
      {alike.length > 0 && (
        <Fact name={text('alike')}>
          {alike.map((one) => (
            <span key={one.messageId} class="alike">
              <Link href={letterUrl(one)}>{one.consumer}</Link>
            </span>
          ))}
        </Fact>
      )}
      {attributes.length > 0 && (
        <Fact name={text('attributes')}>
          {attributes.map(([name, value]) => (
            <code key={name} class="block">
              {name}: {value}
            </code>
          ))}
        </Fact>
      )}
    </dl>
  );
}

const Fact = ({ name, children }: { name: string; children: ComponentChildren }): JSX.Element => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);
