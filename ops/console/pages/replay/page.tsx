import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { JobView } from '../../api/live.ts';
import type { ReplayAsk, ReplayDetail, ReplayDocument, ReplayTarget } from '../../api/replay.ts';
import { ActionButton } from '../../parts/button.tsx';
import { Earlier } from '../../parts/earlier.tsx';
import { ApiError, postJson } from '../../parts/fetch.ts';
import { time } from '../../parts/format.ts';
import { jobs } from '../../parts/live.ts';
import { Page } from '../../parts/page.tsx';
import { JobProgress } from '../../parts/progress.tsx';
import { useResource } from '../../parts/resource.ts';
import { Empty, Failed, Loading } from '../../parts/state.tsx';
import { words } from '../../parts/words.ts';
import { ChoiceForm } from './choice.tsx';
import { Counted, confirmReplay, Found, type Sending } from './counted.tsx';
import { text } from './messages.ts';
import './replay.css';

/** Counts and sends events of the archive again. */
export function ReplayPage(): JSX.Element {
  const { data, error, loading, reload } = useResource<ReplayTarget[]>('/api/replay/targets');
  return (
    <Page title={words('replay')} intro={text('intro')}>
      {loading && <Loading />}
      {error !== undefined && <Failed error={error} onRetry={reload} />}
      {data !== undefined && <Replay targets={data} />}
    </Page>
  );
}

const isReplay = ({ kind }: JobView): boolean => kind === 'replay' || kind === 'replay-count';

function Replay({ targets }: { targets: readonly ReplayTarget[] }): JSX.Element {
  // The operations that this visit has started; those of before are listed below.
  const [shown, setShown] = useState<{ count?: string; replay?: string }>({});
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | undefined>(undefined);
  const start = async (path: string, body: object): Promise<string | undefined> => {
    setBusy(true);
    setError(undefined);
    try {
      return (await postJson<JobView>(path, body)).id;
    } catch (reason) {
      setError(reason instanceof ApiError ? reason.message : String(reason));
    } finally {
      setBusy(false);
    }
  };
  const onCount = async (ask: ReplayAsk) => {
    const count = await start('/api/replay/count', ask);
    setShown(count === undefined ? {} : { count });
  };
  const onReplay = async ({ ask, ...how }: Sending) => {
    const replay = await start('/api/replay', { ...ask, ...how });
    setShown((before) => (replay === undefined ? before : { replay }));
  };
  const kindOf = (job: JobView) => {
    const { asked } = (job.detail ?? {}) as Partial<ReplayDetail>;
    return targets.find(({ name }) => name === asked?.to)?.kind ?? 'consumer';
  };
  const all = jobs.value.filter(isReplay);
  const current = all.find(({ id }) => id === (shown.replay ?? shown.count));
  const earlier = all.filter((job) => job !== current);
  return (
    <>
      <div class="replay">
        <ChoiceForm targets={targets} busy={busy} onChange={() => setShown({})} onCount={onCount} />
        <div class="replay-found">
          {error !== undefined && (
            <p class="hint wrong" role="alert">
              {error}
            </p>
          )}
          {current === undefined && <Empty title={text('nothingYet')}>{text('nothingYetHint')}</Empty>}
          {current?.kind === 'replay-count' && (
            <Counted key={current.id} job={current} kind={kindOf(current)} busy={busy} onReplay={onReplay} />
          )}
          {current?.kind === 'replay' && <Sent job={current} kind={kindOf(current)} onReplay={onReplay} />}
        </div>
      </div>
      <Earlier jobs={earlier}>{(job) => <Sent job={job} kind={kindOf(job)} onReplay={onReplay} earlier />}</Earlier>
    </>
  );
}

type SentProps = {
  job: JobView;
  kind: ReplayTarget['kind'];
  earlier?: boolean;
  onReplay: (sending: Sending) => void;
};

/** Shows a replay or a count while it runs and when it has ended; what was not sent can be sent after all. */
function Sent({ job, kind, earlier = false, onReplay }: SentProps): JSX.Element {
  const detail = job.detail as ReplayDetail | undefined;
  const result = job.result as ReplayDocument | undefined;
  const isCut = job.kind === 'replay' && (job.state === 'failed' || job.state === 'stopped') && result === undefined;
  const sendRest = async ({ asked, withEffects, resumeFrom, sent }: ReplayDetail) => {
    const expected = Math.max(0, (job.total ?? sent) - sent);
    const sending = { ask: { ...asked, from: resumeFrom }, withEffects, expected };
    if (await confirmReplay(sending, kind)) onReplay(sending);
  };
  return (
    <>
      <JobProgress job={job} />
      {isCut && detail !== undefined && (
        <div class="replay-rest">
          <p class="hint">{text('restHint', { sent: detail.sent, from: time(detail.resumeFrom) })}</p>
          <ActionButton onClick={() => sendRest(detail)}>{text('rest')}</ActionButton>
        </div>
      )}
      {result !== undefined && (
        <section class="panel">
          <h3>{text(result.dryRun ? 'wouldBeSent' : 'sent', { n: result.count, to: detail?.asked.to ?? '' })}</h3>
          <Found result={result} at={earlier ? `, ${time(job.startedAt)}` : ''} />
        </section>
      )}
    </>
  );
}
