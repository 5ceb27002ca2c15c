import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Button } from './button.tsx';
import { words } from './words.ts';

export type TableColumn<Row> = {
  title: string;
  cell: (row: Row) => ComponentChildren;
  align?: 'end';
  hideOnPhone?: boolean;
};

type Props<Row> = {
  /** Its accessible name. */
  label: string;
  columns: readonly TableColumn<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  /** Shown instead of an empty table. */
  empty?: ComponentChildren;
};

/** So many rows at once, however many there are: a page stays light. */
const PAGE = 100;

/** Shows rows, a hundred at a time. */
export function Table<Row>({ label, columns, rows, rowKey, empty }: Props<Row>): JSX.Element {
  const [page, setPage] = useState(0);
  const pages = Math.max(1, Math.ceil(rows.length / PAGE));
  const current = Math.min(page, pages - 1);
  if (rows.length === 0 && empty !== undefined) return <>{empty}</>;
  const classOf = ({ align, hideOnPhone }: TableColumn<Row>) =>
    [align, hideOnPhone ? 'wide-only' : undefined].filter(Boolean).join(' ') || undefined;
  return (
    <div class="table">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
      <section class="scroll" tabIndex={0} aria-label={label}>
        <table aria-label={label}>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column.title} scope="col" class={classOf(column)}>
                  {column.title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(current * PAGE, (current + 1) * PAGE).map((row) => (
              <tr key={rowKey(row)}>
                {columns.map((column) => (
                  <td key={column.title} class={classOf(column)}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {pages > 1 && (
        <nav class="pages" aria-label={words('pagesOf', { label })}>
          <Button disabled={current === 0} onClick={() => setPage(current - 1)}>
            {words('previous')}
          </Button>
          <span>{words('page', { page: current + 1, pages })}</span>
          <Button disabled={current === pages - 1} onClick={() => setPage(current + 1)}>
            {words('next')}
          </Button>
        </nav>
      )}
    </div>
  );
}
