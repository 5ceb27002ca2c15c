import type { JSX } from 'preact';
import type { Trace } from '../../../orders/trace.ts';
import { time } from '../../parts/format.ts';
import { cut, type Diagram, type DiagramRow, hasNote, layoutDiagram } from './diagram-layout.ts';
import { stateWords, text } from './messages.ts';
import { duration, shortType } from './names.ts';
import { type Message, sequenceOf } from './sequence.ts';

/** So many messages at once, the latest; the text has all of them. */
const MOST = 120;

/** Who sent what to whom about an order, as a picture and as text. */
export function SequenceDiagram({ trace }: { trace: Trace }): JSX.Element {
  const { lanes, messages } = sequenceOf(trace);
  const isNarrow = matchMedia('(max-width: 640px)').matches;
  const diagram = layoutDiagram({ lanes, messages: messages.slice(-MOST) }, isNarrow ? 'narrow' : 'wide');
  const label = text('diagramLabel', { id: trace.orderId, n: messages.length, lanes: lanes.join(', ') });
  return (
    <section class="panel">
      <h2>{text('diagram')}</h2>
      <p class="muted">{text(messages.length === 0 ? 'noMessages' : 'diagramHint')}</p>
      {messages.length > 0 && (
        <>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
          <section class="diagram" tabIndex={0} aria-label={text('diagram')}>
            <LaneNames diagram={diagram} />
            <svg
              role="img"
              aria-label={label}
              width={diagram.width}
              height={diagram.height}
              viewBox={`0 0 ${diagram.width} ${diagram.height}`}
            >
              {diagram.lanes.map(({ name, x }) => (
                <line key={name} class="lane" x1={x} x2={x} y1={0} y2={diagram.height} />
              ))}
              {diagram.rows.map((row) => (
                <Row key={`${row.y}`} row={row} diagram={diagram} />
              ))}
            </svg>
          </section>
          {/* Where the picture has no room the text says more. */}
          <details open={isNarrow}>
            <summary>{text('asText')}</summary>
            <ol class="diagram-text">
              {messages.map((message) => (
                <li key={`${message.at} ${message.by} ${message.name} ${message.kind}`}>
                  <time class="muted">{time(new Date(message.at).toISOString())}</time> {line(message)}
                </li>
              ))}
            </ol>
          </details>
        </>
      )}
    </section>
  );
}

/** The names stay in sight while the picture is scrolled. */
const LaneNames = ({ diagram: { lanes, width } }: { diagram: Diagram }): JSX.Element => (
  <svg class="lane-names" aria-hidden="true" width={width} height={28} viewBox={`0 0 ${width} 28`}>
    {lanes.map(({ name, x }) => (
      <text key={name} x={x} y={18} text-anchor="middle">
        {cut(name, 16)}
      </text>
    ))}
  </svg>
);

function Row({ row, diagram: { axis, width } }: { row: DiagramRow; diagram: Diagram }): JSX.Element {
  if (row.kind === 'pause') {
    return (
      <g class="pause">
        <line x1={axis} x2={width} y1={row.y} y2={row.y} />
        <text x={0} y={row.y + 4}>
          {text('later', { duration: duration(row.ms) })}
        </text>
      </g>
    );
  }
  const { y, x1, x2, label, note, message, sinceStartMs } = row;
  return (
    <g class={`message ${message.tone} ${message.kind}`}>
      <title>{line(message)}</title>
      <text class="offset" x={0} y={y + 4}>
        +{duration(sinceStartMs)}
      </text>
      {x1 === x2 ? <circle cx={x1} cy={y} r={4} /> : <Arrow x1={x1} x2={x2} y={y} failed={message.tone !== 'plain'} />}
      <text class="label" x={label.x} y={x1 === x2 ? y + 4 : y - 6} text-anchor={label.anchor}>
        {cut(nameOf(message), label.characters)}
      </text>
      {hasNote(message) && (
        <text class="note" x={note.x} y={y + 17} text-anchor={note.anchor}>
          {cut(noteOf(message), note.characters)}
        </text>
      )}
    </g>
  );
}

/** An arrow; one whose message was not handled ends with a cross. */
function Arrow({ x1, x2, y, failed }: { x1: number; x2: number; y: number; failed: boolean }): JSX.Element {
  const back = x2 > x1 ? -1 : 1;
  const head = failed
    ? `M${x2 + back * 9} ${y - 5} l10 10 m0 -10 l-10 10`
    : `M${x2 + back * 8} ${y - 4} L${x2} ${y} L${x2 + back * 8} ${y + 4}`;
  return <path d={`M${x1} ${y} H${x2 + (failed ? back * 6 : 0)} ${head}`} />;
}

const nameOf = ({ name, kind }: Message): string => {
  if (kind === 'text' || (kind === 'step' && name.startsWith('order-'))) return stateWords(name);
  return name === '' ? text('aMessage') : shortType(name);
};

/** Says what is special about a message: its tries, its wait, its error and what comes of it. */
function noteOf({ kind, attempt = 1, waitedMs = 0, error, retryInSeconds, at, tone }: Message): string {
  if (kind === 'next-try') return text('willTry', { time: time(new Date(at).toISOString()), n: attempt });
  return [
    ...(attempt > 1 ? [text('try', { n: attempt })] : []),
    ...(waitedMs >= 1_000 ? [text('waited', { duration: duration(waitedMs) })] : []),
    ...(tone === 'bad' ? [text('gaveUp')] : []),
    ...(error === undefined ? [] : [kind === 'step' ? stateWords(error) : error]),
    ...(retryInSeconds === undefined ? [] : [text('triesAgain', { seconds: retryInSeconds })]),
  ].join(' · ');
}

function line(message: Message): string {
  const { from, to, by } = message;
  const receiver = message.kind === 'message' && by !== to ? `${to} (${by})` : to;
  const what = from === to ? `${from}: ${nameOf(message)}` : `${from} → ${receiver}: ${nameOf(message)}`;
  const note = noteOf(message);
  return note === '' ? what : `${what} (${note})`;
}
