import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { MapEdge, MapNode } from '../../api/map.ts';
import { Button } from '../../parts/button.tsx';
import { time } from '../../parts/format.ts';
import { edgeFlow } from './flow.ts';
import { type Lane, lanesOf, outsideLanes } from './lanes.ts';
import { type EdgePath, type Placement, placeMap } from './layout.ts';
import { text } from './messages.ts';
import { consumerOf, edgeWords, type Now, nameOf, shortNameOf, stateOf } from './states.ts';

type Props = { now: Now; selected: string | undefined; onSelect: (node: MapNode) => void };

/** Below this nobody reads it: then its box scrolls. */
const LEAST_SCALE = 0.8;
const ZOOM = { least: 0.4, most: 1.6, step: 0.2 };

/** Shows the graph: nodes are buttons over the lines, in the order in which they are read; on a phone they are a list. */
export function Diagram({ now, selected, onSelect }: Props): JSX.Element {
  const { map } = now;
  const placement = useMemo(() => placeMap(map), [map]);
  const box = useRef<HTMLDivElement>(null);
  const fitting = useFittingScale(box, placement.width);
  const [chosen, setChosen] = useState<number | undefined>(undefined);
  const scale = chosen ?? fitting;
  const zoom = (step: number) => setChosen(Math.min(ZOOM.most, Math.max(ZOOM.least, scale + step)));
  const node = (one: MapNode) => (
    <NodeButton key={one.id} node={one} now={now} placement={placement} selected={selected} onSelect={onSelect} />
  );
  return (
    <div class="map-frame">
      <div class="map-zoom">
        <span class="hint">{text('readAt', { time: time(map.readAt) })}</span>
        <Button kind="quiet" label={text('zoomOut')} onClick={() => zoom(-ZOOM.step)}>
          −
        </Button>
        <Button kind="quiet" onClick={() => setChosen(undefined)}>
          {text('fit')}
        </Button>
        <Button kind="quiet" label={text('zoomIn')} onClick={() => zoom(ZOOM.step)}>
          +
        </Button>
      </div>
      <section class="map-box" ref={box} aria-label={text('diagram')}>
        <div
          class="map-canvas"
          style={{ '--width': `${placement.width}px`, '--height': `${placement.height}px`, '--scale': scale }}
        >
          <Lines placement={placement} now={now} selected={selected} />
          <div class="map-group">{outsideLanes(map).map(node)}</div>
          {lanesOf(map).map((lane) => (
            <LaneRow key={lane.id} lane={lane} now={now} placement={placement} node={node} />
          ))}
        </div>
      </section>
    </div>
  );
}

/** Returns the scale at which the diagram is as wide as its box, but neither larger than it was made nor too small to be read. */
function useFittingScale(box: { current: HTMLElement | null }, width: number): number {
  const [scale, setScale] = useState(1);
  useEffect(() => {
    if (box.current === null) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setScale(Math.min(1, Math.max(LEAST_SCALE, entry.contentRect.width / width)));
    });
    observer.observe(box.current);
    return () => observer.disconnect();
  }, [box, width]);
  return scale;
}

type LaneProps = { lane: Lane; now: Now; placement: Placement; node: (node: MapNode) => JSX.Element };

function LaneRow({ lane: { queue, reader, letters }, now, placement, node }: LaneProps): JSX.Element {
  return (
    <div class="map-group">
      {queue && node(queue)}
      {queue && <Numbers queue={queue} now={now} placement={placement} />}
      {reader && node(reader)}
      {letters && node(letters)}
    </div>
  );
}

/** What waits on the line out of a queue, and how fast it is done. */
function Numbers({ queue, now, placement }: { queue: MapNode; now: Now; placement: Placement }): JSX.Element | null {
  const { above, below } = edgeWords(consumerOf(now.status, queue.of), now.flows.get(queue.of ?? ''));
  const label = placement.paths.find(({ edge }) => edge.kind === 'receive' && edge.from === queue.id)?.label;
  if (label === undefined || (above === undefined && below === undefined)) return null;
  return (
    <p class="map-numbers" style={{ '--x': `${label.x}px`, '--y': `${label.y}px` }}>
      <span>{above}</span>
      <span>{below}</span>
    </p>
  );
}

type NodeProps = Props & { node: MapNode; placement: Placement };

function NodeButton({ node, now, placement, selected, onSelect }: NodeProps): JSX.Element {
  const box = placement.boxes.get(node.id);
  const { words, tone } = stateOf(node, now);
  return (
    <button
      type="button"
      id={`node-${node.id}`}
      class={`map-node ${node.kind} ${tone}`}
      aria-expanded={selected === node.id}
      style={{
        '--x': `${box?.x ?? 0}px`,
        '--y': `${box?.y ?? 0}px`,
        '--w': `${box?.width ?? 0}px`,
        '--h': `${box?.height ?? 0}px`,
      }}
      onClick={() => onSelect(node)}
    >
      <span class="map-name" aria-hidden="true">
        {shortNameOf(node)}
      </span>
      <span class="unseen">{`${nameOf(node)}, `}</span>
      <span class="map-state">{words}</span>
    </button>
  );
}

function Lines({
  placement: { width, height, paths },
  now,
  selected,
}: Pick<NodeProps, 'placement' | 'now' | 'selected'>): JSX.Element {
  const isFlowing = edgeFlow(now.map, now.flows);
  const isStopped = ({ kind, from }: MapEdge) => {
    const consumer = consumerOf(now.status, now.map.nodes.find(({ id }) => id === from)?.of);
    return kind === 'receive' && (consumer?.paused != null || consumer?.enabled === false);
  };
  return (
    <svg class="map-lines" width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <title>{text('diagram')}</title>
      <defs>
        <marker
          id="arrow"
          viewBox="0 0 8 8"
          refX="7"
          refY="4"
          markerWidth="8"
          markerHeight="8"
          markerUnits="userSpaceOnUse"
          orient="auto"
        >
          <path d="M0,0 L8,4 L0,8 z" />
        </marker>
      </defs>
      {paths.map((path) => (
        <Line
          key={`${path.edge.from} ${path.edge.to} ${path.edge.kind}`}
          path={path}
          isFlowing={isFlowing(path.edge)}
          isStopped={isStopped(path.edge)}
          isRelated={path.edge.from === selected || path.edge.to === selected}
        />
      ))}
    </svg>
  );
}

const DOTS = [0, 0.5];

type LineProps = { path: EdgePath; isFlowing: boolean; isStopped: boolean; isRelated: boolean };

function Line({ path: { edge, d }, isFlowing, isStopped, isRelated }: LineProps): JSX.Element {
  const classes = [
    'map-line',
    edge.kind,
    edge.problem === undefined ? '' : 'broken',
    isFlowing ? 'flowing' : '',
    isStopped ? 'stopped' : '',
    isRelated ? 'related' : '',
  ];
  return (
    <>
      <path class={classes.filter(Boolean).join(' ')} d={d} marker-end="url(#arrow)" />
      {isFlowing &&
        DOTS.map((share) => (
          <circle key={share} class="map-dot" r="3" style={{ offsetPath: `path("${d}")`, '--share': share }} />
        ))}
    </>
  );
}
