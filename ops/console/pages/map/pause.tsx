import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { JobView } from '../../api/live.ts';
import type { MapNode, NodeDetails } from '../../api/map.ts';
import { ActionButton, Button } from '../../parts/button.tsx';
import { confirmDialog, Dialog } from '../../parts/dialog.tsx';
import { ApiError, postJson } from '../../parts/fetch.ts';
import { Field } from '../../parts/field.tsx';
import { time } from '../../parts/format.ts';
import { jobs } from '../../parts/live.ts';
import { JobProgress } from '../../parts/progress.tsx';
import { Failed } from '../../parts/state.tsx';
import { text } from './messages.ts';
import { type ConsumerNow, consumerOf, type Now, notDone } from './states.ts';

type Props = { node: MapNode; now: Now; details: NodeDetails | undefined; onChanged: () => void };

/** Says that a consumer is paused, and pauses or resumes it; nothing for what cannot be paused. */
export function PauseControls({ node: { kind, of }, now, details, onChanged }: Props): JSX.Element | null {
  const consumer = consumerOf(now.status, of);
  const [asking, setAsking] = useState(false);
  const { job, error, start } = useJob(onChanged);
  if ((kind !== 'queue' && kind !== 'consumer') || of === undefined || consumer === undefined || consumer.partner)
    return null;
  const isRunning = job?.state === 'running';
  const resume = async () => {
    const question = {
      title: text('resumeTitle', { of }),
      text: text('resumeText', { of, n: notDone(consumer) }),
      action: text('resume'),
    };
    if (await confirmDialog(question)) await start('/api/resume', { consumer: of });
  };
  const isOff = consumer.paused !== null || !consumer.enabled;
  return (
    <>
      {consumer.paused && <Paused paused={consumer.paused} />}
      <div class="actions">
        {isOff ? (
          <ActionButton kind="primary" busy={isRunning} onClick={resume}>
            {text('resume')}
          </ActionButton>
        ) : (
          <ActionButton busy={isRunning} onClick={() => setAsking(true)}>
            {text('pause')}
          </ActionButton>
        )}
      </div>
      {job && job.state !== 'done' && <JobProgress job={job} />}
      {error && <Failed error={error} />}
      {asking && (
        <PauseDialog
          consumer={consumer}
          details={details}
          onClose={() => setAsking(false)}
          onPause={async (reason) => {
            setAsking(false);
            await start('/api/pause', { consumer: of, reason });
          }}
        />
      )}
    </>
  );
}

/** Starts an operation and follows it until it has ended. */
function useJob(onEnded: () => void) {
  const [id, setId] = useState<string | undefined>(undefined);
  const [error, setError] = useState<ApiError | undefined>(undefined);
  const job = jobs.value.find((one) => one.id === id);
  const hasEnded = job !== undefined && job.state !== 'running';
  useEffect(() => {
    if (hasEnded) onEnded();
  }, [hasEnded]);
  const start = async (path: string, body: object) => {
    setError(undefined);
    try {
      setId((await postJson<JobView>(path, body)).id);
    } catch (reason) {
      setError(reason instanceof ApiError ? reason : new ApiError(0, String(reason)));
    }
  };
  return { job, error, start };
}

function Paused({ paused }: { paused: NonNullable<ConsumerNow['paused']> }): JSX.Element {
  const { by, since, reason, resumeBy, ordersCancelledFrom } = paused;
  return (
    <div class="map-paused">
      <p>{text('pausedSince', { by, since: time(since), reason })}</p>
      {resumeBy !== null && <p>{text('resumeBy', { time: time(resumeBy) })}</p>}
      {ordersCancelledFrom !== null && <p>{text('cancelledFrom', { time: time(ordersCancelledFrom) })}</p>}
    </div>
  );
}

type DialogProps = {
  consumer: ConsumerNow;
  details: NodeDetails | undefined;
  onClose: () => void;
  onPause: (reason: string) => void;
};

/** Says what a pause does, and asks why. */
function PauseDialog({ consumer, details, onClose, onPause }: DialogProps): JSX.Element {
  const [reason, setReason] = useState('');
  const [isMissing, setMissing] = useState(false);
  const of = consumer.name;
  const submit = () => {
    if (reason.trim() === '') setMissing(true);
    else onPause(reason.trim());
  };
  return (
    <Dialog
      title={text('pauseTitle', { of })}
      open
      onClose={onClose}
      onSubmit={submit}
      actions={
        <>
          <Button onClick={onClose}>{text('cancel')}</Button>
          <Button kind="danger" type="submit">
            {text('pause')}
          </Button>
        </>
      }
    >
      <p>{text('pauseText', { of, n: notDone(consumer) })}</p>
      {details?.keptDays && <p>{text('pauseKept', { days: details.keptDays })}</p>}
      {details?.impact && <p>{text('pauseImpact', { impact: details.impact })}</p>}
      <Field label={text('reason')} hint={text('reasonHint')} error={isMissing ? text('reasonMissing') : undefined}>
        {(field) => (
          <input
            {...field}
            value={reason}
            maxLength={200}
            autocomplete="off"
            onInput={(event) => setReason(event.currentTarget.value)}
          />
        )}
      </Field>
    </Dialog>
  );
}
