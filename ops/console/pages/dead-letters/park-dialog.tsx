import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Selection } from '../../api/dead-letters.ts';
import type { JobView } from '../../api/live.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { postJson } from '../../parts/fetch.ts';
import { Field } from '../../parts/field.tsx';
import { words } from '../../parts/words.ts';
import { text } from './messages.ts';

type Props = {
  selection: Selection;
  count: number;
  onClose: () => void;
  onStarted: (job: JobView) => void;
};

/** Asks who looks after letters, and parks them. */
export function ParkDialog({ selection, count, onClose, onStarted }: Props): JSX.Element {
  const [note, setNote] = useState({ owner: '', note: '', link: '' });
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  const park = async () => {
    if (note.owner.trim() === '') return setError(text('reasonNeeded'));
    setBusy(true);
    try {
      onStarted(await postJson<JobView>('/api/dead-letters/park', { ...selection, ...note }));
    } catch (reason) {
      setError(reason instanceof Error ? reason.message : String(reason));
      setBusy(false);
    }
  };
  const set = (name: keyof typeof note, value: string) => setNote({ ...note, [name]: value });
  return (
    <Dialog
      title={text('parkTitle', { count: text('count', { n: count }) })}
      open
      onClose={onClose}
      onSubmit={park}
      actions={
        <>
          <Button onClick={onClose}>{words('cancel')}</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {text('park')}
          </Button>
        </>
      }
    >
      <p>{text('parkText')}</p>
      <Field label={text('owner')} hint={text('ownerHint')} error={error}>
        {(field) => (
          <input
            {...field}
            value={note.owner}
            onInput={({ currentTarget }) => set('owner', currentTarget.value)}
            required
          />
        )}
      </Field>
      <Field label={text('note')} hint={text('noteHint')}>
        {(field) => (
          <textarea
            {...field}
            rows={3}
            value={note.note}
            onInput={({ currentTarget }) => set('note', currentTarget.value)}
          />
        )}
      </Field>
      <Field label={text('link')} hint={text('linkHint')}>
        {(field) => (
          <input
            {...field}
            type="url"
            value={note.link}
            onInput={({ currentTarget }) => set('link', currentTarget.value)}
          />
        )}
      </Field>
    </Dialog>
  );
}
