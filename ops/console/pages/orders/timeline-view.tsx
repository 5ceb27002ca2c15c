import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Trace } from '../../../orders/trace.ts';
import { Button } from '../../parts/button.tsx';
import { time } from '../../parts/format.ts';
import { eventWords, stateWords, text } from './messages.ts';
import { duration, shortType } from './names.ts';
import { type TimelineRow, timelineRows } from './timeline.ts';

/** So many rows at once; an order that was tried for days has more. */
const MOST = 100;

/** What happened to an order, each step with its time and what it means. */
export function Timeline({ trace }: { trace: Trace }): JSX.Element {
  const [allAttempts, setAllAttempts] = useState(false);
  const [whole, setWhole] = useState(false);
  const rows = timelineRows(trace, { allAttempts });
  const left = whole ? 0 : Math.max(0, rows.length - MOST);
  return (
    <section class="panel" aria-labelledby="timeline">
      <div class="section-head">
        <h2 id="timeline">{text('timeline')}</h2>
        <label class="check">
          <input
            type="checkbox"
            checked={allAttempts}
            onChange={({ currentTarget }) => setAllAttempts(currentTarget.checked)}
          />
          {text('allAttempts')}
        </label>
      </div>
      {left > 0 && <Button onClick={() => setWhole(true)}>{text('earlier', { n: left })}</Button>}
      {rows.length === 0 && <p class="muted">{text('noMessages')}</p>}
      <ol class="timeline">
        {rows.slice(left).map((row) => (
          <Step key={row.key} row={row} />
        ))}
      </ol>
    </section>
  );
}

function Step({ row }: { row: TimelineRow }): JSX.Element {
  const { time: at, sinceStartMs, sincePreviousMs, who, tone, what } = row;
  return (
    <li class={`step ${tone}`}>
      <span class="step-time">
        <time dateTime={at} title={at}>
          {time(at)}
        </time>
        <span class="muted" title={text('sinceStart', { duration: duration(sinceStartMs) })}>
          {sinceStartMs > 0 && `+${duration(sincePreviousMs)}`}
        </span>
      </span>
      <div class="step-what">
        <p>{meaning(what)}</p>
        <p class="muted">
          {who} · <span class="mono">{typeOf(what)}</span>
        </p>
      </div>
    </li>
  );
}

const typeOf = (what: TimelineRow['what']): string =>
  what.kind === 'event' ? shortType(what.event.type) : shortType(what.attempt.eventType ?? text('aMessage'));

function meaning(what: TimelineRow['what']): string {
  if (what.kind === 'event') {
    const { type, template, refused, reason } = what.event;
    const details = [template, refused, reason].flatMap((detail) => (detail === undefined ? [] : stateWords(detail)));
    const words = eventWords(type, text('ownEvent'));
    return details.length === 0 ? words : `${words.replace(/\.$/, '')} (${details.join(', ')}).`;
  }
  const { consumer, attempt: n, outcome, tookMs, errorType, errorMessage, nextTryAt, time: until } = what.attempt;
  if (outcome === 'done') return text('attemptDone', { consumer, n, took: duration(tookMs) });
  const values = {
    consumer,
    n,
    first: what.first,
    until: time(until),
    error: `${errorType ?? ''}: ${errorMessage ?? ''}`,
  };
  if (outcome === 'dead-lettered') return text('attemptDead', values);
  const failed = text(what.first === n ? 'attemptFailed' : 'attemptsFailed', values);
  return nextTryAt === undefined ? failed : `${failed} ${text('nextOne', { time: time(nextTryAt) })}`;
}
