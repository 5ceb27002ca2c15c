import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { RevealedLetter } from '../../api/dead-letters.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { postJson } from '../../parts/fetch.ts';
import { Field } from '../../parts/field.tsx';
import { words } from '../../parts/words.ts';
import { text } from './messages.ts';

type Props = { consumer: string; id: string; onClose: () => void; onRevealed: (letter: RevealedLetter) => void };

/** Asks why personal data is to be shown, and shows it. */
export function RevealDialog({ consumer, id, onClose, onRevealed }: Props): JSX.Element {
  const [reason, setReason] = useState('');
  const [error, setError] = useState<string>();
  const reveal = async () => {
    if (reason.trim() === '') return setError(text('whyNeeded'));
    try {
      onRevealed(await postJson<RevealedLetter>('/api/dead-letters/reveal', { consumer, id, reason }));
    } catch (failure) {
      setError(failure instanceof Error ? failure.message : String(failure));
    }
  };
  return (
    <Dialog
      title={text('unmaskTitle')}
      open
      onClose={onClose}
      onSubmit={reveal}
      actions={
        <>
          <Button onClick={onClose}>{words('cancel')}</Button>
          <Button kind="primary" type="submit">
            {text('reveal')}
          </Button>
        </>
      }
    >
      <p>{text('unmaskText')}</p>
      <Field label={text('why')} hint={text('whyHint')} error={error}>
        {(field) => (
          <input {...field} value={reason} onInput={({ currentTarget }) => setReason(currentTarget.value)} required />
        )}
      </Field>
    </Dialog>
  );
}
