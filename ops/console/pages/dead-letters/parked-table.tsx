import type { JSX } from 'preact';
import type { Board, LetterRow } from '../../api/dead-letters.ts';
import { time } from '../../parts/format.ts';
import { Link } from '../../parts/router.tsx';
import { Table, type TableColumn } from '../../parts/table.tsx';
import { Expiry } from './expiry.tsx';
import { text } from './messages.ts';
import { groupUrl, letterUrl } from './urls.ts';

const columns = (): TableColumn<LetterRow>[] => [
  {
    title: text('letter'),
    cell: (row) => <Link href={letterUrl(row)}>{row.orderId ?? row.messageId.slice(0, 8)}</Link>,
  },
  { title: text('consumer'), cell: ({ consumer }) => consumer },
  { title: text('owner'), cell: ({ parked }) => parked?.owner },
  { title: text('note'), cell: ({ parked }) => parked?.note, hideOnPhone: true },
  { title: text('link'), cell: ({ parked }) => <Ticket link={parked?.link ?? null} />, hideOnPhone: true },
  { title: text('parkedAt'), cell: ({ parked }) => parked && time(parked.parkedAt), hideOnPhone: true },
  {
    title: text('keptUntil'),
    cell: ({ parked, expiresAt }) => <Expiry at={parked?.expiresAt ?? expiresAt} />,
    hideOnPhone: true,
  },
];

/** A link to where somebody works on it; it opens beside the console. */
export const Ticket = ({ link }: { link: string | null }): JSX.Element | null =>
  link === null ? null : (
    <a href={link} target="_blank" rel="noreferrer">
      {link.replace(/^https?:\/\//, '')}
    </a>
  );

/** The letters that somebody looks after; nothing where there are none. */
export function ParkedTable({ parked: { total, rows } }: { parked: Board['parked'] }): JSX.Element | null {
  if (total === 0) return null;
  return (
    <div class="stack">
      <h2>{text('parked')}</h2>
      <p class="muted">{text('parkedHint')}</p>
      <Table label={text('parked')} columns={columns()} rows={rows} rowKey={({ messageId }) => messageId} />
      <p>
        <Link href={groupUrl({ parked: true })}>{text('allParked', { n: total })}</Link>
      </p>
    </div>
  );
}
