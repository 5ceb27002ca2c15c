import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { OrderRow, Scenarios } from '../../api/orders.ts';
import { ActionButton, Button } from '../../parts/button.tsx';
import { getPage, type ListPage } from '../../parts/fetch.ts';
import { readOnly, status } from '../../parts/live.ts';
import { Page } from '../../parts/page.tsx';
import { useResource } from '../../parts/resource.ts';
import { Empty, Failed, Loading } from '../../parts/state.tsx';
import { words } from '../../parts/words.ts';
import { FindOrder } from './find-order.tsx';
import { text } from './messages.ts';
import './orders.css';
import { OrdersTable } from './orders-table.tsx';
import { PlaceDialog } from './place-dialog.tsx';

export { OrderPage } from './order-page.tsx';

/** The recent orders, and the way to any other. */
export function OrdersPage(): JSX.Element {
  const [undecidedOnly, setUndecidedOnly] = useState(false);
  return (
    <Page title={words('orders')} intro={text('intro')} actions={<PlaceTestOrder />}>
      <div class="orders-tools">
        <FindOrder />
        <fieldset class="order-filter" aria-label={text('filter')}>
          <Button pressed={!undecidedOnly} onClick={() => setUndecidedOnly(false)}>
            {text('all')}
          </Button>
          <Button pressed={undecidedOnly} onClick={() => setUndecidedOnly(true)}>
            {undecidedText()}
          </Button>
        </fieldset>
      </div>
      <OrderList key={String(undecidedOnly)} undecidedOnly={undecidedOnly} />
    </Page>
  );
}

function undecidedText(): string {
  const n = status.value?.orders.PLACED;
  return n === undefined ? text('undecided') : text('undecidedCount', { n });
}

/** The button for a test order; where none can be placed it says why. */
function PlaceTestOrder(): JSX.Element | null {
  const [open, setOpen] = useState(false);
  const { data, error } = useResource<Scenarios>(readOnly.value ? undefined : '/api/scenarios');
  if (readOnly.value) return null;
  const whyNot = data?.refusal ?? error?.message;
  return (
    <>
      {whyNot !== undefined && <p class="hint why-not">{whyNot}</p>}
      <ActionButton
        kind="primary"
        disabled={data === undefined || data.refusal !== undefined}
        onClick={() => setOpen(true)}
      >
        {text('placeTestOrder')}
      </ActionButton>
      {open && data !== undefined && <PlaceDialog scenarios={data.scenarios} onClose={() => setOpen(false)} />}
    </>
  );
}

/** A hundred orders, and the way to those before them. Only the first page changes by itself. */
function OrderList({ undecidedOnly }: { undecidedOnly: boolean }): JSX.Element {
  const first = undecidedOnly ? '/api/orders?status=undecided' : '/api/orders';
  const [trail, setTrail] = useState<readonly string[]>([]);
  const address = trail.at(-1) ?? first;
  const { data, error, reload } = useResource<ListPage<OrderRow>>(address, {
    live: trail.length === 0,
    read: getPage<OrderRow>,
  });
  if (data === undefined) return error === undefined ? <Loading /> : <Failed error={error} onRetry={reload} />;
  const { rows, next } = data;
  return (
    <div>
      <OrdersTable
        key={address}
        rows={rows}
        live={trail.length === 0}
        empty={<NoOrders undecidedOnly={undecidedOnly} />}
      />
      {(trail.length > 0 || next !== undefined) && (
        <nav class="pages" aria-label={text('pages')}>
          <Button disabled={trail.length === 0} onClick={() => setTrail(trail.slice(0, -1))}>
            {text('previousPage')}
          </Button>
          <span>{text('pageNumber', { n: trail.length + 1 })}</span>
          <Button disabled={next === undefined} onClick={() => next !== undefined && setTrail([...trail, next])}>
            {text('nextPage')}
          </Button>
        </nav>
      )}
    </div>
  );
}

function NoOrders({ undecidedOnly }: { undecidedOnly: boolean }): JSX.Element {
  if (undecidedOnly) return <Empty title={text('emptyUndecided')}>{text('emptyUndecidedHint')}</Empty>;
  return <Empty title={text('emptyTitle')}>{text(readOnly.value ? 'emptyHintReadOnly' : 'emptyHint')}</Empty>;
}
