import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { OrderRow } from '../../api/orders.ts';
import { getJson } from '../../parts/fetch.ts';
import { Link, navigate } from '../../parts/router.tsx';
import { OrderLink, orderPath, StatusBadge } from './links.tsx';
import { text } from './messages.ts';
import { useSending } from './sending.ts';

/** Searches for an order by its id or number, and opens the one that it finds. */
export function FindOrder(): JSX.Element {
  const [typed, setTyped] = useState('');
  const [result, setResult] = useState<{ find: string; rows: readonly OrderRow[] }>();
  const { problem, send } = useSending();
  const search = (event: SubmitEvent) => {
    event.preventDefault();
    const find = typed.trim();
    if (find === '') return;
    void send(async () => {
      const rows = await getJson<OrderRow[]>(`/api/orders?find=${encodeURIComponent(find)}`);
      const [only] = rows;
      if (only !== undefined && rows.length === 1) await navigate(orderPath(only.orderId));
      else setResult({ find, rows });
    });
  };
  return (
    <form class="find-order" onSubmit={search}>
      <input
        type="search"
        aria-label={text('find')}
        placeholder={text('find')}
        title={text('findHint')}
        value={typed}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
      />
      <div aria-live="polite">
        {problem !== undefined && <p class="hint wrong">{problem}</p>}
        {result !== undefined && <Found {...result} />}
      </div>
    </form>
  );
}

/** What a search found that is not exactly one order. */
function Found({ find, rows }: { find: string; rows: readonly OrderRow[] }): JSX.Element {
  if (rows.length === 0) {
    return (
      <p class="hint">
        {text('noneFound', { find })} <Link href={orderPath(find)}>{text('lookDeeper', { find })}</Link>
      </p>
    );
  }
  return (
    <div class="hint">
      <p>{text('foundSeveral', { n: rows.length, find })}</p>
      <ul>
        {rows.map(({ orderId, status }) => (
          <li key={orderId}>
            <OrderLink orderId={orderId} /> <StatusBadge status={status} />
          </li>
        ))}
      </ul>
    </div>
  );
}
