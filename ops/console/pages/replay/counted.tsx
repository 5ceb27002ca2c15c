import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { JobView } from '../../api/live.ts';
import type { ReplayAsk, ReplayDetail, ReplayDocument, ReplayTarget } from '../../api/replay.ts';
import { ActionButton } from '../../parts/button.tsx';
import { confirmDialog } from '../../parts/dialog.tsx';
import { count, time } from '../../parts/format.ts';
import { JobProgress } from '../../parts/progress.tsx';
import { Empty } from '../../parts/state.tsx';
import { Table } from '../../parts/table.tsx';
import { text } from './messages.ts';

/** What to send: what was asked for, whether with effects, and how many a count has found. */
export type Sending = { ask: ReplayAsk; withEffects: boolean; expected: number };

type Props = {
  job: JobView;
  kind: ReplayTarget['kind'];
  busy: boolean;
  onReplay: (sending: Sending) => void;
};

/** Shows what a count has found, and sends it once somebody has agreed. */
export function Counted({ job, kind, busy, onReplay }: Props): JSX.Element {
  const [withEffects, setWithEffects] = useState(false);
  const detail = job.detail as ReplayDetail | undefined;
  const result = job.result as ReplayDocument | undefined;
  if (job.state !== 'done' || detail === undefined || result === undefined) return <JobProgress job={job} />;
  const { asked } = detail;
  if (result.count === 0) return <NothingFound result={result} asked={asked} />;
  const ask = async () => {
    const sending = { ask: asked, withEffects, expected: result.count };
    if (await confirmReplay(sending, kind)) onReplay(sending);
  };
  return (
    <section class="panel">
      <h2>{text('wouldBeSent', { n: result.count, to: asked.to })}</h2>
      <Found result={result} />
      {kind === 'consumer' && (
        <div>
          <label class="check">
            <input
              type="checkbox"
              checked={withEffects}
              aria-describedby="with-effects"
              onChange={({ currentTarget }) => setWithEffects(currentTarget.checked)}
            />
            {text('withEffects')}
          </label>
          <p id="with-effects" class="hint">
            {text('withEffectsHint')}
          </p>
        </div>
      )}
      <div class="actions">
        <ActionButton kind={withEffects ? 'danger' : 'primary'} busy={busy} onClick={ask}>
          {text('replay')}
        </ActionButton>
      </div>
    </section>
  );
}

/** Asks before anything is sent: how many, to whom, and what becomes of it there. */
export function confirmReplay(
  { ask: { to }, withEffects, expected }: Sending,
  kind: ReplayTarget['kind'],
): Promise<boolean> {
  const consequence = kind === 'partner' ? 'askPartner' : withEffects ? 'askEffects' : 'askPlain';
  return confirmDialog({
    title: text('askTitle', { n: expected, to }),
    text: text(consequence, { to }),
    action: text('replay'),
    danger: withEffects,
  });
}

const NothingFound = ({ result, asked }: { result: ReplayDocument; asked: ReplayAsk }): JSX.Element => (
  <>
    <Empty title={text('nothingFound', { to: asked.to })}>
      {text('nothingHint', { from: time(asked.from), until: time(asked.until) })}
    </Empty>
    <LeftOut result={result} />
  </>
);

/** Shows what was found, by type, and what was left out of it. `at`: the time of an earlier one, in the name of its table. */
export const Found = ({ result, at = '' }: { result: ReplayDocument; at?: string }): JSX.Element => (
  <>
    <p>{text('arrived', { from: time(result.from), until: time(result.until) })}</p>
    <Table
      label={text('byType') + at}
      rows={Object.entries(result.types).sort(([one], [other]) => (one < other ? -1 : 1))}
      rowKey={([type]) => type}
      columns={[
        { title: text('type'), cell: ([type]) => <span class="mono">{type}</span> },
        { title: text('number'), align: 'end', cell: ([, number]) => count(number) },
      ]}
    />
    <LeftOut result={result} />
  </>
);

const NOTES = ['repeated', 'clashing', 'broken', 'oversized'] as const;

function LeftOut({ result }: { result: ReplayDocument }): JSX.Element | null {
  const notes = NOTES.filter((name) => result[name] > 0);
  if (notes.length === 0) return null;
  return (
    <ul class="hint">
      {notes.map((name) => (
        <li key={name}>{text(name, { n: result[name] })}</li>
      ))}
    </ul>
  );
}
