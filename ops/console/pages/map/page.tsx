import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import './map.css';
import type { MapNode, ShopMap } from '../../api/map.ts';
import { Button } from '../../parts/button.tsx';
import { facts, live, status } from '../../parts/live.ts';
import { Page } from '../../parts/page.tsx';
import { useResource } from '../../parts/resource.ts';
import { Empty, Failed, Loading } from '../../parts/state.tsx';
import { words } from '../../parts/words.ts';
import { Diagram } from './diagram.tsx';
import { type Flow, type FlowMemory, flowsAt, noteReading, READINGS } from './flow.ts';
import { text } from './messages.ts';
import { NodePanel } from './panel.tsx';

/** Shows what is deployed as a graph, with what happens on it now. */
export function MapPage(): JSX.Element {
  // The structure costs some calls a queue: it is read again when somebody asks, or when the engine came back.
  const [asked, setAsked] = useState(0);
  const {
    data: map,
    error,
    loading,
    reload,
  } = useResource<ShopMap>(asked === 0 ? '/api/map' : `/api/map?reload=${asked}`);
  const shown = useLatest(map);
  return (
    <Page
      title={words('map')}
      intro={text('intro')}
      actions={
        shown && (
          <Button busy={loading} onClick={() => setAsked(Date.now())}>
            {text('reload')}
          </Button>
        )
      }
    >
      {error && <Failed error={error} onRetry={reload} />}
      {shown === undefined && loading && <Loading />}
      {shown?.nodes.length === 0 && <Empty title={text('emptyTitle')}>{text('emptyHint')}</Empty>}
      {shown && shown.nodes.length > 0 && <LiveMap map={shown} />}
    </Page>
  );
}

/** Keeps what was read last while it is read again. */
function useLatest<T>(value: T | undefined): T | undefined {
  const latest = useRef(value);
  if (value !== undefined) latest.current = value;
  return latest.current;
}

function LiveMap({ map }: { map: ShopMap }): JSX.Element {
  const [selected, setSelected] = useState<string | undefined>(undefined);
  const flows = useFlows();
  const present = status.value;
  const now = useMemo(() => ({ map, status: present, flows }), [map, present, flows]);
  const node = map.nodes.find(({ id }) => id === selected);
  const close = () => {
    setSelected(undefined);
    document.getElementById(`node-${selected}`)?.focus();
  };
  // The panel takes room from the diagram, whose box may then have to scroll.
  useEffect(() => {
    if (selected !== undefined)
      document.getElementById(`node-${selected}`)?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [selected]);
  const select = ({ id }: MapNode) => (id === selected ? close() : setSelected(id));
  return (
    <div class={node ? 'map with-panel' : 'map'}>
      <Diagram now={now} selected={selected} onSelect={select} />
      {node && <NodePanel key={node.id} node={node} now={now} onClose={close} />}
    </div>
  );
}

/** Returns what flows now, from the difference of the readings of the status. */
function useFlows(): ReadonlyMap<string, Flow> {
  const memory = useRef<FlowMemory>(new Map());
  const [flows, setFlows] = useState<ReadonlyMap<string, Flow>>(new Map());
  const reading = live.value;
  const seconds = facts.value?.refreshSeconds ?? 2;
  useEffect(() => {
    if (reading === undefined || reading.error !== undefined) return;
    const at = Date.parse(reading.at);
    memory.current = noteReading(memory.current, reading.status.consumers, at);
    setFlows(flowsAt(memory.current, at, READINGS * seconds * 1_000));
  }, [reading, seconds]);
  return flows;
}
