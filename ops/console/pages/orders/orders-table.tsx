import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { OrderRow } from '../../api/orders.ts';
import { Button } from '../../parts/button.tsx';
import { money, time } from '../../parts/format.ts';
import { Table, type TableColumn } from '../../parts/table.tsx';
import { words } from '../../parts/words.ts';
import { calmRows } from './calm-rows.ts';
import { OrderLink, StatusBadge } from './links.tsx';
import { stateWords, text } from './messages.ts';

const columns = (): TableColumn<OrderRow>[] => [
  {
    title: text('order'),
    cell: ({ orderId, orderNumber }) => (
      <>
        <OrderLink orderId={orderId} />
        {orderNumber !== undefined && <span class="order-number">{orderNumber}</span>}
      </>
    ),
  },
  { title: text('status'), cell: ({ status }) => <StatusBadge status={status} /> },
  {
    title: text('reason'),
    cell: ({ reason }) => (reason === undefined ? '' : stateWords(reason)),
    hideOnPhone: true,
  },
  { title: text('total'), cell: ({ total }) => (total === null ? '–' : money(total)), align: 'end' },
  {
    title: text('placed'),
    cell: ({ placedAt }) => <time dateTime={placedAt}>{time(placedAt)}</time>,
    align: 'end',
    hideOnPhone: true,
  },
];

type Props = { rows: readonly OrderRow[]; live: boolean; empty: JSX.Element };

/** Shows orders that are read again and again; rows stay where they are while somebody points at them or is among them. */
export function OrdersTable({ rows: read, live, empty }: Props): JSX.Element {
  const shown = useRef<readonly OrderRow[]>([]);
  const held = useRef({ pointer: false, focus: false });
  const [, renderAgain] = useState(0);
  const { rows, newer } = calmRows(shown.current, read, held.current.pointer || held.current.focus);
  shown.current = rows;
  const showNew = () => {
    shown.current = [];
    renderAgain((count) => count + 1);
  };
  const hold = (parts: Partial<typeof held.current>) => {
    Object.assign(held.current, parts);
  };
  return (
    <>
      <div aria-live="polite" class="newer">
        {newer > 0 ? (
          <Button onClick={showNew}>{text('newer', { n: newer })}</Button>
        ) : (
          <span class="muted">{text(live ? 'newestFirst' : 'earlierOrders')}</span>
        )}
      </div>
      <div
        onPointerEnter={() => hold({ pointer: true })}
        onPointerLeave={() => hold({ pointer: false })}
        onFocusIn={() => hold({ focus: true })}
        onFocusOut={() => hold({ focus: false })}
      >
        <Table
          label={words('orders')}
          columns={columns()}
          rows={rows}
          rowKey={({ orderId }) => orderId}
          empty={empty}
        />
      </div>
    </>
  );
}
