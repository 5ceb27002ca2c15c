import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { LetterRow, Rows, Selection } from '../../api/dead-letters.ts';
import { time } from '../../parts/format.ts';
import { Page } from '../../parts/page.tsx';
import { Link, search } from '../../parts/router.tsx';
import { Empty, Failed, Loading } from '../../parts/state.tsx';
import { Table, type TableColumn } from '../../parts/table.tsx';
import { LetterActions } from './actions.tsx';
import { useLetters } from './changes.ts';
import './dead-letters.css';
import { Expiry } from './expiry.tsx';
import { LetterJobs } from './jobs.tsx';
import { text } from './messages.ts';
import { PagesOf } from './pages-of.tsx';
import { letterUrl, queryOf, selectionIn } from './urls.ts';

/** The letters of one group, which its address names. */
export function GroupPage(): JSX.Element {
  const selection = selectionIn(search.value);
  const [page, setPage] = useState(1);
  const { data, error, loading, reload } = useLetters<Rows<LetterRow>>(
    `/api/dead-letters/letters?${queryOf(selection)}&page=${page}`,
  );
  return (
    <Page
      title={titleOf(selection)}
      intro={
        <>
          <Link href="/dead-letters">{text('back')}</Link>
          {selection.reason !== undefined && ` · ${selection.errorType}: ${selection.reason}`}
        </>
      }
      actions={
        data && (
          <LetterActions
            of={selection.parked ? 'parked' : 'group'}
            selection={selection.parked ? { ...selection, all: true } : selection}
            count={data.total}
            consumers={[...new Set(data.rows.map(({ consumer }) => consumer))]}
          />
        )
      }
    >
      {loading && <Loading />}
      {error !== undefined && <Failed error={error} onRetry={reload} />}
      <LetterJobs />
      {data !== undefined && (
        <div>
          <Table
            label={text('letters')}
            columns={columns()}
            rows={data.rows}
            rowKey={({ messageId }) => messageId}
            empty={<Empty title={text('groupGone')}>{text('groupGoneHint')}</Empty>}
          />
          <PagesOf label={text('letters')} page={page} total={data.total} onPage={setPage} />
        </div>
      )}
    </Page>
  );
}

function titleOf({ consumer, order, parked }: Selection): string {
  if (parked) return text('parked');
  if (order !== undefined) return text('groupOfOrder', { order });
  return consumer === undefined ? text('groupOther') : text('group', { consumer });
}

const columns = (): TableColumn<LetterRow>[] => [
  {
    title: text('letter'),
    cell: (row) => (
      <Link href={letterUrl(row)}>
        <span class="mono">{row.messageId.slice(0, 8)}</span>
      </Link>
    ),
  },
  { title: text('order'), cell: ({ orderId }) => orderId ?? text('noOrder') },
  { title: text('consumer'), cell: ({ consumer }) => consumer, hideOnPhone: true },
  {
    title: text('event'),
    cell: ({ event }) => <span class="mono">{event ?? text('noEvent')}</span>,
    hideOnPhone: true,
  },
  { title: text('reason'), cell: ({ reason }) => <span class="reason">{reason}</span> },
  { title: text('attempts'), cell: ({ attempts }) => attempts, align: 'end', hideOnPhone: true },
  {
    title: text('failed'),
    cell: ({ failedAt }) => <time dateTime={failedAt}>{time(failedAt)}</time>,
    hideOnPhone: true,
  },
  { title: text('expires'), cell: ({ expiresAt }) => <Expiry at={expiresAt} />, hideOnPhone: true },
];
