import type { JSX } from 'preact';
import type { Board } from '../../api/dead-letters.ts';
import { time } from '../../parts/format.ts';
import { Link } from '../../parts/router.tsx';
import { Table, type TableColumn } from '../../parts/table.tsx';
import { Expiry } from './expiry.tsx';
import { text } from './messages.ts';
import { PagesOf } from './pages-of.tsx';
import { groupUrl } from './urls.ts';

type ReasonGroup = Extract<Board['groups'], { by: 'reason' }>['page']['rows'][number];
type OrderGroup = Extract<Board['groups'], { by: 'order' }>['page']['rows'][number];
type Group = ReasonGroup | OrderGroup;

/** What both tables end with. */
const ends = <Row extends Group>(): TableColumn<Row>[] => [
  {
    title: text('first'),
    cell: ({ firstSeen }) => <time dateTime={firstSeen}>{time(firstSeen)}</time>,
    hideOnPhone: true,
  },
  { title: text('last'), cell: ({ lastSeen }) => <time dateTime={lastSeen}>{time(lastSeen)}</time>, hideOnPhone: true },
  { title: text('expires'), cell: ({ expiresAt }) => <Expiry at={expiresAt} />, hideOnPhone: true },
];

const Reason = ({ errorType, reason }: { errorType: string; reason: string }): JSX.Element => (
  <>
    <span class="mono">{errorType}</span> <span class="reason">{reason}</span>
  </>
);

const reasonColumns = (): TableColumn<ReasonGroup>[] => [
  { title: text('consumer'), cell: ({ consumer }) => consumer },
  {
    title: text('reason'),
    cell: ({ consumer, errorType, reason }) => (
      <Link href={groupUrl({ consumer, errorType, reason })}>
        <Reason errorType={errorType} reason={reason} />
      </Link>
    ),
  },
  { title: text('letters'), cell: ({ count }) => count, align: 'end' },
  ...ends<ReasonGroup>(),
];

const orderColumns = (): TableColumn<OrderGroup>[] => [
  {
    title: text('order'),
    cell: ({ orderId, example }) => (
      <Link href={groupUrl(orderId === null ? { like: example.messageId } : { order: orderId })}>
        {orderId ?? text('noOrder')}
      </Link>
    ),
  },
  { title: text('consumers'), cell: ({ consumers }) => consumers.join(', ') },
  { title: text('reason'), cell: (group) => <Reason {...group} /> },
  { title: text('letters'), cell: ({ count }) => count, align: 'end' },
  ...ends<OrderGroup>(),
];

type Props = { groups: Board['groups']; page: number; onPage: (page: number) => void };

/** The groups of dead letters; each leads to its letters. */
export function GroupTable({ groups, page, onPage }: Props): JSX.Element {
  const label = text('title');
  return (
    <div>
      {groups.by === 'reason' ? (
        <Table
          label={label}
          columns={reasonColumns()}
          rows={groups.page.rows}
          rowKey={({ consumer, errorType, reason }) => JSON.stringify([consumer, errorType, reason])}
        />
      ) : (
        <Table
          label={label}
          columns={orderColumns()}
          rows={groups.page.rows}
          rowKey={({ orderId, example }) => orderId ?? example.messageId}
        />
      )}
      <PagesOf label={label} page={page} total={groups.page.total} onPage={onPage} />
    </div>
  );
}
