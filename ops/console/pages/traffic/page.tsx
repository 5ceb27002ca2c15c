import type { JSX } from 'preact';
import type { JobView } from '../../api/live.ts';
import type { TrafficState } from '../../api/traffic.ts';
import { Earlier } from '../../parts/earlier.tsx';
import { jobs } from '../../parts/live.ts';
import { Page } from '../../parts/page.tsx';
import { useResource } from '../../parts/resource.ts';
import { Empty, Failed, Loading } from '../../parts/state.tsx';
import { words } from '../../parts/words.ts';
import { text } from './messages.ts';
import { Run } from './run.tsx';
import { DrillForm, GatewayPanel, LoadForm } from './start.tsx';
import './traffic.css';

/** Starts loads and drills, takes the sandbox gateway down, and shows what happens. */
export function TrafficPage(): JSX.Element {
  const { data, error, loading, reload } = useResource<TrafficState>('/api/traffic', { live: true });
  return (
    <Page title={words('traffic')} intro={text('intro')}>
      {loading && <Loading />}
      {error !== undefined && <Failed error={error} onRetry={reload} />}
      {data !== undefined && (data.sandbox ? <Sandbox state={data} reload={reload} /> : <NoSandbox />)}
    </Page>
  );
}

const NoSandbox = (): JSX.Element => <Empty title={text('nothing')}>{text('real-gateway')}</Empty>;

const isTraffic = ({ kind }: JobView): boolean => kind === 'load' || kind === 'drill';

function Sandbox({ state, reload }: { state: TrafficState; reload: () => void }): JSX.Element {
  const [latest, ...earlier] = jobs.value.filter(isTraffic);
  const isRunning = latest?.state === 'running';
  // Whether one runs is known sooner than the next reading of the shop.
  const hindranceOf = (one: 'load' | 'drill') => {
    if (isRunning) return 'running';
    if (state[one] !== 'running') return state[one];
    return one === 'drill' && state.gatewayDown ? 'gateway-down' : null;
  };
  return (
    <>
      <div class="traffic-start">
        <GatewayPanel down={state.gatewayDown} onChange={reload} />
        <LoadForm hindrance={hindranceOf('load')} onStarted={reload} />
        <DrillForm hindrance={hindranceOf('drill')} onStarted={reload} />
      </div>
      {latest === undefined && state.load !== 'real-texts' && <Empty title={text('noRun')}>{text('noRunHint')}</Empty>}
      {latest !== undefined && (
        <section class="traffic-run" aria-label={text('latest')}>
          <Run job={latest} />
        </section>
      )}
      <Earlier jobs={earlier}>{(job) => <Run job={job} earlier />}</Earlier>
    </>
  );
}
