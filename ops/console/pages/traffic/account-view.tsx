import type { JSX } from 'preact';
import type { DrillSummary, LoadSummary } from '../../api/traffic.ts';
import { Badge } from '../../parts/badge.tsx';
import { count } from '../../parts/format.ts';
import { language } from '../../parts/language.ts';
import { Link } from '../../parts/router.tsx';
import { Table } from '../../parts/table.tsx';
import { drillSums, loadSums, type Sum, splitAtOrders } from './account.ts';
import { milliseconds } from './latency.ts';
import { text } from './messages.ts';

export function LoadAccount({ result, at }: { result: LoadSummary; at: string }): JSX.Element {
  const sums = loadSums(result);
  const problems = result.bookProblems.map(({ orderId, problem }) => `${orderId} ${problem}`);
  const { published, confirmed, cancelled, undecided, interrupted } = result;
  const wrong = sums.filter(({ agrees }) => !agrees).length + problems.length;
  return (
    <Account sums={sums} problems={problems} at={at} cut={interrupted}>
      {wrong > 0
        ? text('doesNotAddUp', { n: wrong })
        : text(interrupted ? 'stoppedLoad' : 'loadAddsUp', { published, confirmed, cancelled, undecided })}
    </Account>
  );
}

export function DrillAccount({ result, at }: { result: DrillSummary; at: string }): JSX.Element {
  const { problems, accepted, confirmed, cancelled, waitingOrders } = result;
  return (
    <>
      <Account sums={drillSums(result)} problems={problems} at={at}>
        {problems.length > 0
          ? text('doesNotAddUp', { n: problems.length })
          : text('drillAddsUp', { accepted, confirmed, cancelled })}
      </Account>
      {waitingOrders.length > 0 && (
        <section class="panel" aria-label={text('waitingOrders') + at}>
          <h3>{text('waitingOrders')}</h3>
          <p>
            {waitingOrders.map((orderId) => (
              <span key={orderId}>
                <OrderLink orderId={orderId} />{' '}
              </span>
            ))}
          </p>
        </section>
      )}
      <Medians medians={result.medians} at={at} />
    </>
  );
}

/** `at`: which run it is of, in the names of its tables; empty for the one that is shown first. */
type AccountProps = {
  sums: readonly Sum[];
  problems: readonly string[];
  at: string;
  /** It was stopped, so that orders are left to be decided. */
  cut?: boolean;
  children: string;
};

/** Says whether all adds up, and shows what is made of what. */
function Account({ sums, problems, at, cut = false, children }: AccountProps): JSX.Element {
  const isRight = problems.length === 0 && sums.every(({ agrees }) => agrees);
  return (
    <section class="account" aria-label={text('account') + at}>
      <p class={`verdict ${isRight ? (cut ? 'warn' : 'good') : 'bad'}`}>{children}</p>
      {problems.length > 0 && (
        <ul class="problems" aria-label={text('problems') + at}>
          {problems.map((problem) => (
            <li key={problem}>
              {splitAtOrders(problem).map(({ text: words, orderId }) =>
                orderId === undefined ? words : <OrderLink key={orderId} orderId={orderId} />,
              )}
            </li>
          ))}
        </ul>
      )}
      <Table
        label={text('accountOf') + at}
        rows={sums}
        rowKey={({ what }) => what}
        columns={[
          { title: text('what'), cell: (sum) => <Named sum={sum} /> },
          { title: text('howMany'), align: 'end', cell: (sum) => count(sum.count) },
          { title: text('madeOf'), cell: partsOf },
          {
            title: text('check'),
            cell: ({ agrees, parts }) =>
              agrees && parts.length === 0 ? null : (
                <Badge tone={agrees ? 'good' : 'bad'}>{text(agrees ? 'adds' : 'differs')}</Badge>
              ),
          },
        ]}
      />
    </section>
  );
}

/** Names a sum, and leads to what is left of it, where something is. */
function Named({ sum: { what, count: number, parts } }: { sum: Sum }): JSX.Element {
  const isUndecided = parts.some((part) => part.what === 'undecided' && part.count > 0);
  const href = isUndecided ? '/orders' : what === 'deadLetters' && number > 0 ? '/dead-letters' : undefined;
  const name = text(`sum.${what}`);
  return href === undefined ? <span>{name}</span> : <Link href={href}>{name}</Link>;
}

const partsOf = ({ parts }: Sum): string =>
  parts.map((part) => `${count(part.count)} ${text(`sum.${part.what}`)}`).join(' + ');

const OrderLink = ({ orderId }: { orderId: string }): JSX.Element => (
  <Link href={`/orders/${encodeURIComponent(orderId)}`}>{orderId}</Link>
);

const PERIODS = ['before', 'during', 'after'] as const;

function Medians({ medians, at }: Pick<DrillSummary, 'medians'> & { at: string }): JSX.Element {
  const shown = (value: number | undefined) =>
    value === undefined ? text('none') : milliseconds(value, language.value);
  return (
    <section class="account">
      <h3>{text('medians')}</h3>
      <Table
        label={text('medians') + at}
        rows={PERIODS}
        rowKey={(period) => period}
        columns={[
          { title: text('period'), cell: (period) => text(period) },
          { title: text('placedToReserved'), align: 'end', cell: (period) => shown(medians[period].placedToReserved) },
          { title: text('cancelledToText'), align: 'end', cell: (period) => shown(medians[period].cancelledToText) },
        ]}
      />
    </section>
  );
}
