import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Selection } from '../../api/dead-letters.ts';
import type { JobView } from '../../api/live.ts';
import { ActionButton } from '../../parts/button.tsx';
import { confirmDialog } from '../../parts/dialog.tsx';
import { postJson } from '../../parts/fetch.ts';
import { readOnly } from '../../parts/live.ts';
import { text } from './messages.ts';
import { ParkDialog } from './park-dialog.tsx';

type Kind = 'redrive' | 'carefully' | 'discard' | 'unpark';

const PATHS: Record<Kind, string> = {
  redrive: '/api/dead-letters/redrive',
  carefully: '/api/dead-letters/redrive-carefully',
  discard: '/api/dead-letters/discard',
  unpark: '/api/dead-letters/unpark',
};

/** What an action is about, and what its question says of it. */
export type About = { selection: Selection; count: number; consumers: readonly string[] };

/** Asks how sure somebody is, and begins; `undefined` if not. Throws `ApiError`. */
async function begin(kind: Kind, { selection, count, consumers }: About): Promise<JobView | undefined> {
  const agreed = await confirmDialog({
    title: text(`${kind}Title`, { count: text('count', { n: count }) }),
    text: text(`${kind}Text`, { consumers: consumers.join(', ') }),
    action: text(kind),
    danger: kind === 'discard',
  });
  return agreed ? postJson<JobView>(PATHS[kind], selection) : undefined;
}

type Props = About & {
  /** `letter`: one, which there is nothing careful about. */
  of: 'group' | 'letter' | 'parked';
  onStarted?: (job: JobView) => void;
  /** Further buttons, behind those that put letters back. */
  children?: ComponentChildren;
};

const BUTTONS: Record<Props['of'], readonly Kind[]> = {
  group: ['redrive', 'carefully'],
  letter: ['redrive'],
  parked: ['unpark'],
};

/** The buttons that act on letters, each with its question first. There are none while the console only looks. */
export function LetterActions({ of, onStarted = () => {}, children, ...about }: Props): JSX.Element | null {
  const [parking, setParking] = useState(false);
  const [error, setError] = useState<string>();
  if (readOnly.value || about.count === 0) return null;
  const start = async (kind: Kind) => {
    setError(undefined);
    try {
      const job = await begin(kind, about);
      if (job !== undefined) onStarted(job);
    } catch (reason) {
      setError(reason instanceof Error ? reason.message : String(reason));
    }
  };
  return (
    <>
      {BUTTONS[of].map((kind, index) => (
        <ActionButton key={kind} kind={index === 0 ? 'primary' : 'secondary'} onClick={() => start(kind)}>
          {text(kind)}
        </ActionButton>
      ))}
      {children}
      {of !== 'parked' && <ActionButton onClick={() => setParking(true)}>{text('park')}</ActionButton>}
      {of !== 'parked' && (
        <ActionButton kind="danger" onClick={() => start('discard')}>
          {text('discard')}
        </ActionButton>
      )}
      {error !== undefined && (
        <p class="hint wrong" role="alert">
          {error}
        </p>
      )}
      {parking && (
        <ParkDialog
          selection={about.selection}
          count={about.count}
          onClose={() => setParking(false)}
          onStarted={(job) => {
            setParking(false);
            onStarted(job);
          }}
        />
      )}
    </>
  );
}
