import type { ComponentChildren, JSX } from 'preact';
import type { AuditView } from '../../api/audit.ts';
import { Badge } from '../../parts/badge.tsx';
import { ago, count, money, time } from '../../parts/format.ts';
import { Link } from '../../parts/router.tsx';
import { Table } from '../../parts/table.tsx';
import { text } from './messages.ts';

type Props = {
  view: AuditView;
  /** The time of an earlier one, in the names of its tables. */
  at?: string;
  /** What can be done about it. */
  children?: ComponentChildren;
};

/** Shows what an audit found, or what a repair has left. */
export function AuditResult({ view, at = '', children }: Props): JSX.Element {
  const { checked, disagreeingCount, shelves, settling, repaired, readUnits } = view;
  const isClean = disagreeingCount === 0 && shelves.wrong.length === 0;
  const units = count(Math.round(readUnits));
  return (
    <>
      <div class={isClean ? 'verdict good' : 'verdict bad'}>
        <p>
          {isClean
            ? text('agree')
            : text('disagree', {
                n: disagreeingCount,
                orders: checked,
                wrong: shelves.wrong.length,
                shelves: shelves.checked,
              })}
        </p>
      </div>
      {repaired !== undefined && (
        <p>{text(isClean && repaired.failed === 0 ? 'publishedAll' : 'published', { ...repaired })}</p>
      )}
      <p class="hint">{text('agreeHint', { orders: checked, shelves: shelves.checked, units })}</p>
      {settling > 0 && <p class="hint">{text('settling', { n: settling })}</p>}
      {shelves.moving > 0 && <p class="hint">{text('moving', { n: shelves.moving })}</p>}
      {children}
      {disagreeingCount > 0 && <Disagreeing view={view} at={at} />}
      {shelves.wrong.length > 0 && <WrongShelves wrong={shelves.wrong} at={at} />}
      {view.refundsDue.count > 0 && <RefundsDue refundsDue={view.refundsDue} at={at} />}
    </>
  );
}

const OrderLink = ({ orderId }: { orderId: string }): JSX.Element => (
  <Link href={`/orders/${encodeURIComponent(orderId)}`}>{orderId}</Link>
);

const Disagreeing = ({ view: { disagreeing, disagreeingCount }, at }: { view: AuditView; at: string }): JSX.Element => (
  <div>
    <Table
      label={text('table') + at}
      rows={disagreeing}
      rowKey={({ orderId }) => orderId}
      columns={[
        { title: text('order'), cell: ({ orderId }) => <OrderLink orderId={orderId} /> },
        { title: text('what'), cell: ({ problem }) => <span class="prose">{problem}</span> },
        {
          title: text('since'),
          hideOnPhone: true,
          cell: ({ since }) =>
            since === undefined ? (
              text('unknown')
            ) : (
              <time dateTime={since} title={time(since)}>
                {ago(since)}
              </time>
            ),
        },
        {
          title: text('who'),
          cell: ({ repair, repairable }) => (
            <span class="prose">
              <Badge tone={repairable ? 'info' : 'warn'}>{text(repairable ? 'byRepair' : 'byPerson')}</Badge> {repair}
            </span>
          ),
        },
      ]}
    />
    {disagreeingCount > disagreeing.length && (
      <p class="hint">{text('more', { n: disagreeingCount - disagreeing.length })}</p>
    )}
  </div>
);

const WrongShelves = ({ wrong, at }: { wrong: AuditView['shelves']['wrong']; at: string }): JSX.Element => (
  <Table
    label={text('shelves') + at}
    rows={wrong}
    rowKey={({ sku }) => sku}
    columns={[
      { title: text('shelf'), cell: ({ sku }) => <span class="mono">{sku}</span> },
      { title: text('what'), cell: ({ problem }) => <span class="prose">{problem}</span> },
      { title: text('who'), cell: ({ repair }) => <span class="prose">{repair}</span> },
    ]}
  />
);

const RefundsDue = ({
  refundsDue: { count: due, oldest },
  at,
}: {
  refundsDue: AuditView['refundsDue'];
  at: string;
}): JSX.Element => (
  <section class="audit-part">
    <h3>{text('refunds')}</h3>
    <p class="hint">{text('refundsHint')}</p>
    <Table
      label={text('refunds') + at}
      rows={oldest}
      rowKey={({ orderId, refundId = '' }) => `${orderId} ${refundId}`}
      columns={[
        { title: text('order'), cell: ({ orderId }) => <OrderLink orderId={orderId} /> },
        { title: text('amount'), align: 'end', cell: money },
        { title: text('since'), cell: ({ since }) => time(since) },
        { title: text('reason'), cell: ({ reason }) => reason },
      ]}
    />
    {due > oldest.length && <p class="hint">{text('moreRefunds', { n: due - oldest.length })}</p>}
  </section>
);
