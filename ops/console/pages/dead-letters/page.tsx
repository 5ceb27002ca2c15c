import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Board } from '../../api/dead-letters.ts';
import { Button } from '../../parts/button.tsx';
import { ago, time } from '../../parts/format.ts';
import { status } from '../../parts/live.ts';
import { Page } from '../../parts/page.tsx';
import { Empty, Failed, Loading } from '../../parts/state.tsx';
import { LetterActions } from './actions.tsx';
import { useLetters } from './changes.ts';
import './dead-letters.css';
import { GroupTable } from './group-table.tsx';
import { History } from './history.tsx';
import { LetterJobs } from './jobs.tsx';
import { text } from './messages.ts';
import { ParkedTable } from './parked-table.tsx';

type By = 'reason' | 'order';

/** All dead letters, by what they failed with or by order. */
export function DeadLettersPage(): JSX.Element {
  const [by, setBy] = useState<By>('reason');
  const [page, setPage] = useState(1);
  const [looks, setLooks] = useState(0);
  const [settling, setSettling] = useState(false);
  const again = looks === 0 ? '' : `&again=${looks}`;
  const { data, error, loading, reload } = useLetters<Board>(`/api/dead-letters/board?by=${by}&page=${page}${again}`, {
    settling,
  });
  const isSettling = data !== undefined && (data.busy.length > 0 || data.unread.some(({ inFlight }) => inFlight > 0));
  if (isSettling !== settling) setSettling(isSettling);
  const count = data === undefined ? 0 : data.letters + data.unread.reduce((sum, { behind }) => sum + behind, 0);
  const consumers = (status.value?.consumers ?? []).filter(({ deadLetters }) => deadLetters > 0);
  return (
    <Page
      title={text('title')}
      intro={text('intro')}
      actions={
        <LetterActions
          of="group"
          selection={{ all: true }}
          count={count}
          consumers={consumers.map(({ name }) => name)}
        />
      }
    >
      {loading && <Loading />}
      {error !== undefined && <Failed error={error} onRetry={reload} />}
      {data !== undefined && (
        <>
          <Notices board={data} />
          <LetterJobs />
          <section class="stack">
            <View
              by={by}
              onChange={(next) => {
                setBy(next);
                setPage(1);
              }}
              scannedAt={data.scannedAt}
              onLook={() => setLooks(looks + 1)}
            />
            {data.groups.page.total === 0 ? (
              <Empty title={text('none')}>{text('noneHint')}</Empty>
            ) : (
              <GroupTable groups={data.groups} page={page} onPage={setPage} />
            )}
          </section>
          <ParkedTable parked={data.parked} />
          <History />
        </>
      )}
    </Page>
  );
}

type ViewProps = { by: By; onChange: (by: By) => void; scannedAt: string; onLook: () => void };

/** Chooses what the groups are by, and says how old they are. */
const View = ({ by, onChange, scannedAt, onLook }: ViewProps): JSX.Element => (
  <div class="toolbar">
    <fieldset class="actions">
      <legend class="visually-hidden">{text('view')}</legend>
      <Button pressed={by === 'reason'} onClick={() => onChange('reason')}>
        {text('byReason')}
      </Button>
      <Button pressed={by === 'order'} onClick={() => onChange('order')}>
        {text('byOrder')}
      </Button>
    </fieldset>
    <span class="muted">{text('read', { ago: ago(scannedAt) })}</span>
    <Button kind="quiet" onClick={onLook}>
      {text('lookAgain')}
    </Button>
  </div>
);

/** Says what is about to be lost, and what could not be read. */
function Notices({ board }: { board: Board }): JSX.Element | null {
  const { expiring, unread, busy } = board;
  const notices = [
    ...expiring.map(({ consumer, count, first }) => ({
      tone: 'bad',
      line: text('expiring', { n: count, consumer, when: time(first) }),
    })),
    ...unread.flatMap(({ consumer, inFlight, behind }) => [
      ...(inFlight > 0 ? [{ tone: 'info', line: text('inFlight', { n: inFlight, consumer }) }] : []),
      ...(behind > 0 ? [{ tone: 'info', line: text('behind', { n: behind, consumer }) }] : []),
    ]),
    ...(busy.length > 0 ? [{ tone: 'info', line: text('busy', { consumers: busy.join(', ') }) }] : []),
  ];
  if (notices.length === 0) return null;
  return (
    <ul class="notices">
      {notices.map(({ tone, line }) => (
        <li key={line} class={tone}>
          {line}
        </li>
      ))}
    </ul>
  );
}
