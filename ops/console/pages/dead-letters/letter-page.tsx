import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { LetterView, PlacedProblem, RevealedLetter } from '../../api/dead-letters.ts';
import type { JobView } from '../../api/live.ts';
import { ActionButton, Button } from '../../parts/button.tsx';
import { facts } from '../../parts/live.ts';
import { Page } from '../../parts/page.tsx';
import { Link } from '../../parts/router.tsx';
import { Empty, Failed, Loading } from '../../parts/state.tsx';
import { LetterActions } from './actions.tsx';
import { BecameOf, isWhollySent, jobOf, type Sent } from './became.tsx';
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
  const [settling, setSettling] = useState(false);
  const { data, error, loading, reload } = useLetters<LetterView>(
    `/api/dead-letters/letter/${encodeURIComponent(consumer)}/${encodeURIComponent(id)}`,
    { settling },
  );
  if (data !== undefined && data.settling !== settling) setSettling(data.settling);
  const [sent, setSent] = useState<Sent>();
  const [wantsEdit, setEditing] = useState(false);
  const [revealed, setRevealed] = useState<RevealedLetter>();
  const gone = error?.status === 404;
  // What was typed is kept until all of it was sent: somebody else may have been faster.
  const isEditing = wantsEdit && (sent === undefined || !isWhollySent(sent));
  const isSending = sent !== undefined && jobOf(sent).state === 'running';
  const onSent = (job: JobView, ids: readonly string[]) => setSent({ job, ids, orderId: data?.letter.orderId });
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
      {sent !== undefined && <BecameOf sent={sent} />}
      {gone && (sent === undefined || (isEditing && !isSending)) && <Gone hint={goneHint(isEditing, sent)} />}
      {error !== undefined && !gone && <Failed error={error} onRetry={reload} />}
      {data !== undefined && (sent === undefined || !gone || isEditing) && (
        <Letter
          view={data}
          revealed={revealed}
          gone={gone || isSending}
          isEditing={isEditing}
          onCancel={() => setEditing(false)}
          onSent={onSent}
        />
      )}
    </Page>
  );
}

const Gone = ({ hint }: { hint: string }): JSX.Element => (
  <div role="alert">
    <Empty title={text('gone')}>{hint}</Empty>
  </div>
);

function goneHint(isEditing: boolean, sent: Sent | undefined): string {
  if (sent !== undefined) return text('goneWhileSending');
  return text(isEditing ? 'goneWhileEditing' : 'goneHint');
}

type ActionsProps = {
  view: LetterView;
  isRevealed: boolean;
  onEdit: () => void;
  onRevealed: (letter: RevealedLetter | undefined) => void;
  onSent: (job: JobView, ids: readonly string[]) => void;
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
        onStarted={(job) => onSent(job, [messageId])}
      >
        {parked === undefined && view.text !== null && <ActionButton onClick={onEdit}>{text('edit')}</ActionButton>}
      </LetterActions>
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

function hintOf({ text: masked, isJson }: LetterView, revealed: RevealedLetter | undefined) {
  if (revealed !== undefined) return 'revealed';
  if (masked === null) return 'bodiesHidden';
  return isJson ? 'messageHint' : 'messageUnreadable';
}

type LetterProps = {
  view: LetterView;
  revealed: RevealedLetter | undefined;
  gone: boolean;
  isEditing: boolean;
  onCancel: () => void;
  onSent: (job: JobView, ids: readonly string[]) => void;
};

function Letter({ view, revealed, gone, isEditing, onCancel, onSent }: LetterProps): JSX.Element {
  const shown = revealed?.text ?? view.text;
  const [typedProblems, setTypedProblems] = useState<readonly PlacedProblem[]>();
  return (
    <>
      <LetterFacts view={revealed === undefined ? view : { ...view, letter: { ...view.letter, ...revealed } }} />
      <div class="beside">
        {isEditing ? (
          <Editor
            view={view}
            start={revealed?.text ?? (view.isJson ? (view.text ?? '') : '')}
            gone={gone}
            onProblems={setTypedProblems}
            onCancel={onCancel}
            onSent={onSent}
          />
        ) : (
          <section class="stack">
            <h2>{text('message')}</h2>
            <p class="muted">{text(hintOf(view, revealed))}</p>
            {shown !== null && <MessageView body={shown} problems={view.problems} />}
            <ProblemList problems={view.problems} right={text('noProblemsNow')} />
          </section>
        )}
        <ContractView
          contract={view.contract}
          isJson={view.isJson}
          problems={isEditing ? (typedProblems ?? view.problems) : view.problems}
        />
      </div>
    </>
  );
}
