import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { OrderView } from '../../api/orders.ts';
import { ActionButton } from '../../parts/button.tsx';
import { readOnly } from '../../parts/live.ts';
import { Page } from '../../parts/page.tsx';
import { useResource } from '../../parts/resource.ts';
import { Link } from '../../parts/router.tsx';
import { Empty, Failed, Loading } from '../../parts/state.tsx';
import { CancelDialog } from './cancel-dialog.tsx';
import { SequenceDiagram } from './diagram.tsx';
import { text } from './messages.ts';
import { placedHere } from './place-dialog.tsx';
import { RefundDialog } from './refund-dialog.tsx';
import { Attention, Refunds, Summary } from './summary.tsx';
import { Timeline } from './timeline-view.tsx';

// After something was asked of an order it looks at rest until its consumers have heard of it.
const WATCHED_MS = 60_000;

// A test order is through in a second or two: whoever placed it wants to see it move.
const FAST_MS = 15_000;
const FAST_INTERVAL_MS = 500;

/** One order: where it is, how it got there, and what can be done with it. */
export function OrderPage({ id }: { id: string }): JSX.Element {
  const [isAtRest, setAtRest] = useState(false);
  const [watchedUntil, setWatchedUntil] = useState(0);
  const [isKnown, setKnown] = useState(placedHere.has(id));
  const [said, setSaid] = useState<string>();
  const isLive = (isKnown && !isAtRest) || Date.now() < watchedUntil;
  const { data, error, reload } = useResource<OrderView>(`/api/orders/${encodeURIComponent(id)}/view`, {
    live: isLive,
  });
  if (data !== undefined && !isKnown) setKnown(true);
  if (data !== undefined && data.isAtRest !== isAtRest) setAtRest(data.isAtRest);
  const isDecided = data !== undefined && data.trace.status !== null && data.trace.status !== 'PLACED';
  useEffect(() => {
    const placedAt = placedHere.get(id);
    if (placedAt === undefined || isDecided) return;
    const timer = setInterval(() => {
      if (Date.now() - placedAt > FAST_MS) clearInterval(timer);
      else reload();
    }, FAST_INTERVAL_MS);
    return () => clearInterval(timer);
  }, [id, isDecided]);
  const done = (sentence: string) => {
    setSaid(sentence);
    setWatchedUntil(Date.now() + WATCHED_MS);
    reload();
  };
  return (
    <Page
      title={text('orderTitle', { id })}
      intro={
        <>
          <Link href="/orders">{text('backToOrders')}</Link>
          {data && <span class="page-note">{text(isLive ? 'liveNow' : 'atRest')}</span>}
        </>
      }
      actions={data && <Actions view={data} onDone={done} />}
    >
      <p aria-live="polite" class={said === undefined ? 'said empty' : 'said'}>
        {said}
      </p>
      {data === undefined && <NoOrder id={id} isExpected={isKnown} error={error} onRetry={reload} />}
      {data && (
        <>
          <Attention view={data} />
          <Summary view={data} />
          <Refunds trace={data.trace} />
          <Timeline trace={data.trace} />
          <SequenceDiagram trace={data.trace} />
        </>
      )}
    </Page>
  );
}

type NoOrderProps = Pick<ReturnType<typeof useResource<OrderView>>, 'error'> & {
  id: string;
  isExpected: boolean;
  onRetry: () => void;
};

/** While an order is read, and where it is not known. */
function NoOrder({ id, isExpected, error, onRetry }: NoOrderProps): JSX.Element {
  if (error === undefined) return <Loading />;
  if (error.status !== 404) return <Failed error={error} onRetry={onRetry} />;
  if (isExpected) return <Empty title={text('onItsWay')}>{text('onItsWayHint', { id })}</Empty>;
  return <Empty title={text('unknownTitle')}>{text('unknownHint', { id })}</Empty>;
}

/** What can be done with an order; nothing while the console is read-only. */
function Actions({ view, onDone }: { view: OrderView; onDone: (said: string) => void }): JSX.Element | null {
  const [open, setOpen] = useState<'cancel' | 'refund'>();
  const { trace, refundable } = view;
  if (readOnly.value || trace.status === null || trace.status === 'CANCELLED') return null;
  const isShipped = trace.dispatched === true;
  const hasLeft = refundable !== undefined && refundable.left + refundable.goods.length > 0;
  const close = () => setOpen(undefined);
  const finish = (said: string) => {
    close();
    onDone(said);
  };
  return (
    <>
      {isShipped && <p class="hint why-not">{text('cannotCancelShipped')}</p>}
      <ActionButton disabled={isShipped} onClick={() => setOpen('cancel')}>
        {text('cancel')}
      </ActionButton>
      {refundable !== undefined && (
        <ActionButton disabled={!hasLeft} onClick={() => setOpen('refund')}>
          {text('refund')}
        </ActionButton>
      )}
      {refundable !== undefined && !hasLeft && <p class="hint why-not">{text('nothingLeft')}</p>}
      {open === 'cancel' && <CancelDialog view={view} onClose={close} onDone={finish} />}
      {open === 'refund' && refundable !== undefined && (
        <RefundDialog orderId={trace.orderId} refundable={refundable} onClose={close} onDone={finish} />
      )}
    </>
  );
}
