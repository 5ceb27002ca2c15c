import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { LetterView, RevealedLetter } from '../../api/dead-letters.ts';
import type { JobView } from '../../api/live.ts';
import { ActionButton, Button } from '../../parts/button.tsx';
import { facts } from '../../parts/live.ts';
import { Page } from '../../parts/page.tsx';
import { Link } from '../../parts/router.tsx';
import { Empty, Failed, Loading } from '../../parts/state.tsx';
import { LetterActions } from './actions.tsx';
import { Became, type Sent } from './became.tsx';
import { useLetters } from './changes.ts';
import { ContractView } from './contract-view.tsx';
import './dead-letters.css';
import { Editor } from './editor.tsx';
import { LetterFacts } from './letter-facts.tsx';
import { MessageView } from './message-view.tsx';
import { text } from './messages.ts';
import { ProblemList } from './problem-list.tsx';
import { RevealDialog } from './reveal-dialog.tsx';

type Props = { consumer: string; id: string };

/** One dead letter: why it is here, what is wrong with it, and what can be done about it. */
export function LetterPage({ consumer, id }: Props): JSX.Element {
  const { data, error, loading, reload } = useLetters<LetterView>(
    `/api/dead-letters/letter/${encodeURIComponent(consumer)}/${encodeURIComponent(id)}`,
  );
  const [sent, setSent] = useState<Sent>();
  const [isEditing, setEditing] = useState(false);
  const [revealed, setRevealed] = useState<RevealedLetter>();
  const gone = error?.status === 404;
  const onSent = (job: JobView) => {
    setEditing(false);
    setSent({ job, consumer, id, orderId: data?.letter.orderId });
  };
  return (
    <Page
      title={text('letterOf', { consumer })}
      intro={
        <>
          <Link href="/dead-letters">{text('back')}</Link> · <span class="mono">{id}</span>
        </>
      }
      actions={
        data &&
        !gone &&
        !isEditing && (
          <Actions
            view={data}
            isRevealed={revealed !== undefined}
            onEdit={() => setEditing(true)}
            onRevealed={setRevealed}
            onSent={onSent}
          />
        )
      }
    >
      {loading && <Loading />}
      {sent !== undefined && <Became sent={sent} />}
      {gone && sent === undefined && <Gone isEditing={isEditing} />}
      {error !== undefined && !gone && <Failed error={error} onRetry={reload} />}
      {data !== undefined && (sent === undefined || !gone) && (
        <Letter
          view={data}
          revealed={revealed}
          gone={gone}
          isEditing={isEditing}
          onCancel={() => setEditing(false)}
          onSent={onSent}
        />
      )}
    </Page>
  );
}

const Gone = ({ isEditing }: { isEditing: boolean }): JSX.Element => (
  <div role="alert">
    <Empty title={text('gone')}>{text(isEditing ? 'goneWhileEditing' : 'goneHint')}</Empty>
  </div>
);

type ActionsProps = {
  view: LetterView;
  isRevealed: boolean;
  onEdit: () => void;
  onRevealed: (letter: RevealedLetter | undefined) => void;
  onSent: (job: JobView) => void;
};

function Actions({ view, isRevealed, onEdit, onRevealed, onSent }: ActionsProps): JSX.Element {
  const [asking, setAsking] = useState(false);
  const { letter, parked } = view;
  const { consumer, messageId } = letter;
  const mayReveal = facts.value?.revealAllowed === true && view.text !== null;
  return (
    <>
      <LetterActions
        of={parked === undefined ? 'letter' : 'parked'}
        selection={{ ids: [messageId] }}
        count={1}
        consumers={[consumer]}
        onStarted={onSent}
      />
      {parked === undefined && view.text !== null && <ActionButton onClick={onEdit}>{text('edit')}</ActionButton>}
      {mayReveal && !isRevealed && <ActionButton onClick={() => setAsking(true)}>{text('reveal')}</ActionButton>}
      {isRevealed && <Button onClick={() => onRevealed(undefined)}>{text('mask')}</Button>}
      {asking && (
        <RevealDialog
          consumer={consumer}
          id={messageId}
          onClose={() => setAsking(false)}
          onRevealed={(revealedLetter) => {
            setAsking(false);
            onRevealed(revealedLetter);
          }}
        />
      )}
    </>
  );
}

type LetterProps = {
  view: LetterView;
  revealed: RevealedLetter | undefined;
  gone: boolean;
  isEditing: boolean;
  onCancel: () => void;
  onSent: (job: JobView) => void;
};

function Letter({ view, revealed, gone, isEditing, onCancel, onSent }: LetterProps): JSX.Element {
  const shown = revealed?.text ?? view.text;
  return (
    <>
      <LetterFacts view={revealed === undefined ? view : { ...view, letter: { ...view.letter, ...revealed } }} />
      <div class="beside">
        {isEditing ? (
          <Editor
            view={view}
            start={revealed?.text ?? (view.isJson ? (view.text ?? '') : '')}
            gone={gone}
            onCancel={onCancel}
            onSent={onSent}
          />
        ) : (
          <section class="stack">
            <h2>{text('message')}</h2>
            <p class="muted">{shown === null ? text('bodiesHidden') : text(revealed ? 'revealed' : 'messageHint')}</p>
            {shown !== null && <MessageView body={shown} problems={view.problems} />}
            <ProblemList problems={view.problems} right={text('noProblemsNow')} />
          </section>
        )}
        <ContractView contract={view.contract} problems={view.problems} />
      </div>
    </>
  );
}
