import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { LetterView, PlacedProblem } from '../../api/dead-letters.ts';
import type { JobView } from '../../api/live.ts';
import { ActionButton, Button } from '../../parts/button.tsx';
import { confirmDialog } from '../../parts/dialog.tsx';
import { postJson } from '../../parts/fetch.ts';
import { Field } from '../../parts/field.tsx';
import { guardLeaving } from '../../parts/router.tsx';
import { text } from './messages.ts';
import { ProblemList } from './problem-list.tsx';

const TYPING_MS = 250;

type Props = {
  view: LetterView;
  /** What is edited: the masked text, or the revealed one. */
  start: string;
  /** The letter is not there any more: nothing can be sent, and nothing that was typed is lost. */
  gone: boolean;
  onProblems: (problems: readonly PlacedProblem[]) => void;
  onCancel: () => void;
  onSent: (job: JobView, ids: readonly string[]) => void;
};

/** Edits a letter's message, says what is still wrong while it is typed, and puts it back. */
export function Editor({ view, start, gone, onProblems, onCancel, onSent }: Props): JSX.Element {
  const [typed, setTyped] = useState(start);
  const [all, setAll] = useState(true);
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  const { letter, alike } = view;
  const ids = [letter.messageId, ...(all ? alike.map(({ messageId }) => messageId) : [])];
  const { problems, check } = useProblems(ids, typed, onProblems);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    const leave = { title: text('leaveTitle'), text: text('leaveText'), action: text('leave'), danger: true };
    if (typed !== start) guardLeaving(() => confirmDialog(leave));
    else guardLeaving();
    return () => guardLeaving();
  }, [typed, start]);
  // Whoever pressed Edit goes on in the editor.
  useEffect(() => {
    field.current?.focus();
    field.current?.setSelectionRange(0, 0);
  }, []);
  const consumers = [letter.consumer, ...(all ? alike.map(({ consumer }) => consumer) : [])];
  const send = async () => {
    setError(undefined);
    setBusy(true);
    try {
      const left = await check();
      if (await agree(left, consumers)) {
        const sent = { ids, body: typed, force: left.length > 0 };
        onSent(await postJson<JobView>('/api/dead-letters/redrive', sent), ids);
      }
    } catch (reason) {
      setError(reason instanceof Error ? reason.message : String(reason));
    }
    setBusy(false);
  };
  return (
    <section class="stack editor">
      <Field
        label={text('body')}
        hint={text(view.isJson || start !== '' ? 'bodyHint' : 'bodyUnreadable')}
        error={error}
      >
        {(described) => (
          <textarea
            {...described}
            class="mono"
            spellcheck={false}
            autocomplete="off"
            rows={Math.min(32, Math.max(12, typed.split('\n').length + 1))}
            value={typed}
            onInput={({ currentTarget }) => setTyped(currentTarget.value)}
            ref={field}
          />
        )}
      </Field>
      <ProblemList
        problems={problems ?? []}
        right={text(problems === undefined ? 'checking' : 'noProblems')}
        onGo={(line) => goTo(field.current, line)}
      />
      {alike.length > 0 && (
        <label class="letter-choice">
          <input type="checkbox" checked={all} onChange={({ currentTarget }) => setAll(currentTarget.checked)} />
          {text('alsoFor', { consumers: alike.map(({ consumer }) => consumer).join(', ') })}
        </label>
      )}
      <div class="actions">
        <ActionButton kind="primary" busy={busy} disabled={gone} onClick={send}>
          {text('redrive')}
        </ActionButton>
        <Button onClick={onCancel}>{text('cancelEdit')}</Button>
      </div>
    </section>
  );
}

/** Selects a line of a text, counted from 1, and shows it. */
function goTo(element: HTMLTextAreaElement | null, line: number): void {
  if (element === null) return;
  const lines = element.value.split('\n');
  const start = lines.slice(0, line - 1).reduce((sum, { length }) => sum + length + 1, 0);
  element.focus();
  element.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
  element.scrollTop = (element.scrollHeight / lines.length) * Math.max(0, line - 4);
}

/** Asks before an edited body is sent, and once more pressingly where it would be refused again. */
function agree(left: readonly PlacedProblem[], consumers: readonly string[]): Promise<boolean> {
  if (left.length > 0) {
    const problems = left.map(({ path, problem }) => (path === undefined ? problem : `${path}: ${problem}`)).join('; ');
    return confirmDialog({
      title: text('stillWrong', { n: left.length }),
      text: text('stillWrongText', { problems }),
      action: text('sendAnyway'),
      danger: true,
    });
  }
  return confirmDialog({
    title: text('editTitle', { count: text('count', { n: consumers.length }) }),
    text: text('editText', { consumers: consumers.join(', ') }),
    action: text('redrive'),
  });
}

/** Has what is typed checked a moment after the last key; `undefined` until the first answer. */
function useProblems(ids: readonly string[], typed: string, onProblems: (problems: readonly PlacedProblem[]) => void) {
  const [problems, setProblems] = useState<readonly PlacedProblem[]>();
  const latest = useRef('');
  const key = `${ids.join()} ${typed}`;
  latest.current = key;
  const check = async (): Promise<readonly PlacedProblem[]> => {
    const found = await postJson<PlacedProblem[]>('/api/dead-letters/check', { ids, body: typed });
    // Typed on meanwhile: an answer about another text tells nothing.
    if (latest.current !== key) return found;
    setProblems(found);
    onProblems(found);
    return found;
  };
  // The key has all that is checked.
  useEffect(() => {
    const timer = setTimeout(() => check().catch(() => undefined), TYPING_MS);
    return () => clearTimeout(timer);
  }, [key]);
  return { problems, check };
}
