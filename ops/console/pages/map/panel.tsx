import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { MapNode, NodeDetails, NodeMetrics } from '../../api/map.ts';
import { Badge } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { age, count } from '../../parts/format.ts';
import { useResource } from '../../parts/resource.ts';
import { Link } from '../../parts/router.tsx';
import { Failed, Loading } from '../../parts/state.tsx';
import { NodeCharts } from './charts.tsx';
import { text } from './messages.ts';
import { PauseControls } from './pause.tsx';
import { settingWords } from './setting-words.ts';
import { type ConsumerNow, consumerOf, type Now, nameOf, rateWords, stateOf } from './states.ts';

type Props = { node: MapNode; now: Now; onClose: () => void };

const MINUTE_MS = 60_000;

/** Shows all that is known of one node. It takes the focus when it opens; Escape closes it. */
export function NodePanel({ node, now, onClose }: Props): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  const path = `/api/nodes/${encodeURIComponent(node.id)}`;
  const details = useResource<NodeDetails>(path);
  const metrics = useResource<NodeMetrics>(`${path}/metrics`);
  const { words, tone } = stateOf(node, now);
  useEffect(() => heading.current?.focus(), [node.id]);
  useEachMinute(metrics.reload);
  return (
    <section
      class="panel map-panel"
      aria-labelledby="map-panel-name"
      onKeyDown={(event) => {
        if (event.key === 'Escape' && !event.defaultPrevented && !isInDialog(event.target)) onClose();
      }}
    >
      <header>
        <h2 id="map-panel-name" ref={heading} tabIndex={-1}>
          {nameOf(node)}
        </h2>
        <Badge tone={tone}>{words}</Badge>
        <Button kind="quiet" onClick={onClose}>
          {text('close')}
        </Button>
      </header>
      <Troubles node={node} now={now} />
      {details.data?.impact && <p class="hint">{text('without', { impact: details.data.impact })}</p>}
      <PauseControls node={node} now={now} details={details.data} onChanged={details.reload} />
      <Letters node={node} now={now} />
      <Present consumer={consumerOf(now.status, node.of)} kind={node.kind} />
      <Part title={text('lastHour')}>
        {metrics.error && <Failed error={metrics.error} onRetry={metrics.reload} />}
        {metrics.loading && <Loading />}
        {metrics.data && <NodeCharts metrics={metrics.data} />}
      </Part>
      <Ways node={node} now={now} />
      {details.error && <Failed error={details.error} onRetry={details.reload} />}
      {details.loading && <Loading />}
      {details.data && <Rights details={details.data} />}
      {details.data && <Settings details={details.data} />}
    </section>
  );
}

/** An open dialog has Escape for itself. */
const isInDialog = (target: EventTarget | null) => target instanceof Element && target.closest('dialog') !== null;

function useEachMinute(work: () => void): void {
  const latest = useRef(work);
  latest.current = work;
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) latest.current();
    }, MINUTE_MS);
    return () => clearInterval(timer);
  }, []);
}

const Part = ({ title, children }: { title: string; children: ComponentChildren }): JSX.Element => (
  <div class="map-part">
    <h3>{title}</h3>
    {children}
  </div>
);

/** What is wrong, in the sentences of `ops status`, with the command that it would have one run. */
function Troubles({ node, now: { map, status } }: Pick<Props, 'node' | 'now'>): JSX.Element | null {
  const found =
    status?.problems.filter(({ consumer, state }) => consumer === node.of && state !== 'dead letters') ?? [];
  const ways = map.edges.filter(
    ({ from, to, problem }) => problem !== undefined && (from === node.id || to === node.id),
  );
  const sentences = [
    ...new Set([...(node.problem ? [node.problem] : []), ...ways.flatMap(({ problem = '' }) => problem)]),
  ];
  if (found.length === 0 && sentences.length === 0) return null;
  return (
    <ul class="map-troubles">
      {sentences.map((sentence) => (
        <li key={sentence}>{sentence}</li>
      ))}
      {found.map(({ state, sentence, next }) => (
        <li key={state}>
          {sentence}. {text('next')}: <code>{next}</code>
        </li>
      ))}
    </ul>
  );
}

function Letters({ node: { kind, of, messages }, now }: Pick<Props, 'node' | 'now'>): JSX.Element | null {
  if (kind === 'parking-queue')
    return (
      <p>
        {text('parkedHint')} <Link href="/dead-letters">{text('allLettersLink')}</Link>
      </p>
    );
  const isReader = kind === 'queue' || kind === 'consumer' || kind === 'partner';
  const isOwn = kind === 'dead-letter-queue' || isReader;
  const n = consumerOf(now.status, of)?.deadLetters ?? messages ?? 0;
  if (!isOwn || n === 0) return null;
  return (
    <p>
      <Badge tone="bad">{text('letters', { n })}</Badge>{' '}
      {of === undefined ? (
        <Link href="/dead-letters">{text('allLettersLink')}</Link>
      ) : (
        <Link href={`/dead-letters/group?consumer=${encodeURIComponent(of)}`}>{text('lettersLink', { of })}</Link>
      )}
    </p>
  );
}

function Present({ consumer, kind }: { consumer: ConsumerNow | undefined; kind: MapNode['kind'] }): JSX.Element | null {
  if (consumer === undefined || kind === 'dead-letter-queue' || kind === 'sweep') return null;
  const { waiting, inFlight, delayed, oldestSeconds, throughput, errorRate, breaker } = consumer;
  const facts: [name: string, value: string][] = [
    [text('waitingNow'), count(waiting)],
    [text('inFlightNow'), count(inFlight)],
    [text('delayedNow'), count(delayed)],
    [text('oldestNow'), oldestSeconds === null || oldestSeconds === 0 ? text('none') : age(oldestSeconds)],
    [text('rateNow'), rateWords(throughput) ?? text('none')],
    [text('errorsNow'), errorRate === null ? text('none') : `${Math.round(errorRate * 100)}%`],
    ...(breaker === null ? [] : [[text('breakerNow'), breaker] satisfies [string, string]]),
    [text('deadLettersNow'), count(consumer.deadLetters)],
  ];
  return (
    <Part title={text('now')}>
      <Facts facts={facts} />
    </Part>
  );
}

const Facts = ({ facts }: { facts: readonly (readonly [name: string, value: string])[] }): JSX.Element => (
  <dl class="map-facts">
    {facts.map(([name, value]) => (
      <div key={`${name} ${value}`}>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
);

/** The ways to a node and away from it, each with the events that take it. */
function Ways({ node, now: { map } }: Pick<Props, 'node' | 'now'>): JSX.Element {
  const other = (id: string) => map.nodes.find((one) => one.id === id);
  const list = (title: string, ways: { id: string; events: readonly string[] }[]) =>
    ways.length > 0 && (
      <Part title={title}>
        <ul class="map-ways">
          {ways.map(({ id, events }) => (
            <li key={id}>
              <Events name={nameOfNode(other(id))} events={events} />
            </li>
          ))}
        </ul>
      </Part>
    );
  const to = map.edges.filter((edge) => edge.to === node.id).map(({ from, events }) => ({ id: from, events }));
  const from = map.edges.filter((edge) => edge.from === node.id).map((edge) => ({ id: edge.to, events: edge.events }));
  return (
    <>
      {list(text('comesFrom'), to)}
      {list(text('goesTo'), from)}
    </>
  );
}

const nameOfNode = (node: MapNode | undefined) => (node === undefined ? '' : nameOf(node));

const Events = ({ name, events }: { name: string; events: readonly string[] }): JSX.Element =>
  events.length === 0 ? (
    <span>{name}</span>
  ) : (
    <details>
      <summary>
        {name}, {text('events', { n: events.length })}
      </summary>
      <ul class="mono">
        {events.map((type) => (
          <li key={type}>{type}</li>
        ))}
      </ul>
    </details>
  );

function Rights({ details: { permissions, statements } }: { details: NodeDetails }): JSX.Element | null {
  if (permissions.length === 0 && statements.length === 0) return null;
  return (
    <Part title={text('permissions')}>
      <ul class="map-ways">
        {permissions.map(({ who, granted, why }) => (
          <li key={who}>
            <Badge tone={granted ? 'good' : 'bad'}>{text(granted ? 'maySend' : 'mayNotSend')}</Badge> {who}
            {why !== undefined && <p class="hint wrong">{why}</p>}
          </li>
        ))}
      </ul>
      {statements.length > 0 && (
        <details>
          <summary>{text('policy')}</summary>
          <ul class="map-ways">
            {statements.map((statement) => (
              <li key={statement}>{statement}</li>
            ))}
          </ul>
        </details>
      )}
    </Part>
  );
}

const Settings = ({ details: { settings } }: { details: NodeDetails }): JSX.Element | null =>
  settings.length === 0 ? null : (
    <Part title={text('settings')}>
      <Facts facts={settings.map((setting) => [text(`setting.${setting.name}`), settingWords(setting)])} />
    </Part>
  );
