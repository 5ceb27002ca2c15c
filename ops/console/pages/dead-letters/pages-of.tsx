import type { JSX } from 'preact';
import { Button } from '../../parts/button.tsx';
import { text } from './messages.ts';

/** As many rows as the server sends at a time. */
const PAGE_ROWS = 100;

type Props = { label: string; page: number; total: number; onPage: (page: number) => void };

/** Leads through rows of which the server sends a hundred at a time. */
export function PagesOf({ label, page, total, onPage }: Props): JSX.Element | null {
  if (total <= PAGE_ROWS) return null;
  const from = (page - 1) * PAGE_ROWS + 1;
  const to = Math.min(total, page * PAGE_ROWS);
  return (
    <nav class="pages" aria-label={label}>
      <Button disabled={page === 1} onClick={() => onPage(page - 1)}>
        {text('previous')}
      </Button>
      <span>{text('page', { from, to, total })}</span>
      <Button disabled={to >= total} onClick={() => onPage(page + 1)}>
        {text('next')}
      </Button>
    </nav>
  );
}
