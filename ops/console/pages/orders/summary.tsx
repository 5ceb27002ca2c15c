import type { ComponentChildren, JSX } from 'preact';
import type { Line } from '../../../../contracts/order.ts';
import type { Trace } from '../../../orders/trace.ts';
import type { OrderView } from '../../api/orders.ts';
import { Badge } from '../../parts/badge.tsx';
import { money, time } from '../../parts/format.ts';
import { Link } from '../../parts/router.tsx';
import { StatusBadge } from './links.tsx';
import { stateWords, text } from './messages.ts';

/** Where an order is: its status, money, goods and texts. */
export function Summary({ view }: { view: OrderView }): JSX.Element {
  const { trace, goods } = view;
  const { status, reason, total, payment, paymentReason, dispatched, timeline, traceId, orderNumber } = trace;
  // One that was cancelled before it came was asked to be cancelled first.
  const placedAt = (timeline.find(({ type }) => type === 'shop.order.placed.v1') ?? timeline[0])?.time;
  return (
    <section class="panel" aria-label={text('summary')}>
      <dl class="order-facts">
        <Fact name={text('status')}>
          <StatusBadge status={status} /> {dispatched && <Badge tone="info">{text('shipped')}</Badge>}
          {reason !== undefined && <span class="fact-detail">{stateWords(reason)}</span>}
        </Fact>
        <Fact name={text('total')}>{total === null ? '–' : money(total)}</Fact>
        <Fact name={text('payment')}>
          {payment === undefined ? '–' : stateWords(payment)}
          {paymentReason !== undefined && <span class="fact-detail">{paymentReason}</span>}
        </Fact>
        <Fact name={text('goods')}>
          {piecesText(goods)}
          {trace.stock !== undefined && <span class="fact-detail">{stateWords(trace.stock)}</span>}
          <Shortages trace={trace} />
        </Fact>
        <Fact name={text('texts')}>
          <Texts trace={trace} />
        </Fact>
        {placedAt !== undefined && (
          <Fact name={text('placed')}>
            <time dateTime={placedAt}>{time(placedAt)}</time>
          </Fact>
        )}
        {orderNumber !== undefined && <Fact name={text('number')}>{orderNumber}</Fact>}
        <Fact name={text('trace')}>
          <span class="mono trace-id">{traceId}</span>
        </Fact>
      </dl>
    </section>
  );
}

const Fact = ({ name, children }: { name: string; children: ComponentChildren }): JSX.Element => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

/** Formats goods: `2 × KB-01, 1 × MS-02`. */
export const piecesText = (lines: readonly Line[]): string =>
  lines.length === 0 ? '–' : lines.map(({ sku, quantity: n }) => text('pieces', { n, sku })).join(', ');

const Shortages = ({ trace: { short = [] } }: { trace: Trace }): JSX.Element => (
  <>
    {short.map(({ sku, quantity: ordered, available, unknown }) => (
      <span key={sku} class="fact-detail">
        {unknown ? text('shortUnknown', { sku, ordered }) : text('short', { sku, ordered, available: available ?? 0 })}
      </span>
    ))}
  </>
);

function Texts({ trace: { timeline, textNotBefore } }: { trace: Trace }): JSX.Element {
  const texts = timeline.flatMap(({ template, refused, time }) =>
    template === undefined ? [] : [{ template, refused, time }],
  );
  if (textNotBefore !== undefined) return <>{text('textWaits', { time: time(textNotBefore) })}</>;
  if (texts.length === 0) return <>{text('noTexts')}</>;
  return (
    <>
      {texts.map(({ template, refused }) => (
        <span key={template} class="fact-line">
          {refused === undefined
            ? stateWords(template)
            : text('textRefused', { template: stateWords(template), reason: stateWords(refused) })}
        </span>
      ))}
    </>
  );
}

/** What waits or went wrong, and who must do what; nothing where all is well. */
export function Attention({ view: { trace, notices } }: { view: OrderView }): JSX.Element | null {
  const { contradiction, deadLetters = [], cannotStart = [], attempts } = trace;
  const waiting = attempts.filter(({ nextTryAt }) => nextTryAt !== undefined);
  const count = deadLetters.length + cannotStart.length + waiting.length + notices.length;
  if (contradiction === undefined && count === 0) return null;
  return (
    <section class="panel attention" aria-label={text('attention')}>
      <h2>{text('attention')}</h2>
      <ul>
        {contradiction !== undefined && <li class="bad">{stateWords(contradiction)}</li>}
        {deadLetters.map(({ consumer, messageId, errorType, reason }) => (
          <li key={messageId} class="bad">
            {text('letterOf', { consumer, error: errorType, reason })}{' '}
            <Link href={`/dead-letters/letter/${encodeURIComponent(consumer)}/${encodeURIComponent(messageId)}`}>
              {text('seeLetter')}
            </Link>
          </li>
        ))}
        {cannotStart.map(({ consumer, errorType }) => (
          <li key={consumer} class="bad">
            {text('cannotStart', { consumer, error: errorType })}
          </li>
        ))}
        {waiting.map(({ consumer, messageId, nextTryAt = '', errorType, errorMessage }) => (
          <li key={`${consumer} ${messageId}`} class="warn">
            {text('nextTry', { consumer, time: time(nextTryAt), error: `${errorType}: ${errorMessage}` })}
          </li>
        ))}
        {notices.map((notice) => (
          <li key={notice}>{notice}</li>
        ))}
      </ul>
    </section>
  );
}

/** What went back of an order's money and goods after its confirmation. */
export function Refunds({ trace: { refunds = [], returns = [], total } }: { trace: Trace }): JSX.Element | null {
  if (refunds.length + returns.length === 0) return null;
  const currency = total?.currency ?? '';
  return (
    <section class="panel" aria-labelledby="refunds">
      <h2 id="refunds">{text('refunds')}</h2>
      <ul class="refunds">
        {refunds.map(({ refundId, amount, state, reason, time: at }) => (
          <li key={`money ${refundId} ${at}`}>
            <Badge tone={REFUND_TONES[state]}>{stateWords(state)}</Badge>
            <span>{text('refundMoney', { money: money({ amount, currency }) })}</span>
            <span class="muted">{refundId ?? text('ofCancellation')}</span>
            {reason !== undefined && <span class="muted">{reason}</span>}
            <time dateTime={at}>{time(at)}</time>
          </li>
        ))}
        {returns.map(({ refundId, items, state, reason, time: at }) => (
          <li key={`goods ${refundId} ${at}`}>
            <Badge tone={state === 'refused' ? 'bad' : 'good'}>{stateWords(state)}</Badge>
            <span>{returnText(items)}</span>
            <span class="muted">{refundId}</span>
            {reason !== undefined && <span class="muted">{reason}</span>}
            <time dateTime={at}>{time(at)}</time>
          </li>
        ))}
      </ul>
    </section>
  );
}

const REFUND_TONES = { pending: 'info', done: 'good', due: 'bad', refused: 'bad' } as const;

function returnText(items: readonly (Line & { restock: boolean })[]): string {
  const [back, off] = [items.filter(({ restock }) => restock), items.filter(({ restock }) => !restock)];
  return [
    ...(back.length === 0 ? [] : [text('onShelf', { pieces: piecesText(back) })]),
    ...(off.length === 0 ? [] : [text('offShelf', { pieces: piecesText(off) })]),
  ].join('; ');
}
