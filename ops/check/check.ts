import { type CheckResult, checkEvent } from '../../contracts/check.ts';
import { formatProblem, type Problem, tryParse } from '../../contracts/parse.ts';
import { plural } from '../format.ts';
import { wrapBareOrder } from '../orders/place.ts';

/** What would be refused of the events in a file; `events` where there are several, each named by its place in the file. */
export type CheckReport = { ok: boolean; problems: readonly Problem[]; events?: (CheckResult & { at: string })[] };

/** The text of an event, and where it stands: `line 2`, `[1]`; empty where it is the only one. */
type PlacedEvent = { at: string; body: string };

/** Checks the one event, or the several as JSON lines or as a JSON array, in a text. A bare order is checked as `ops place` would send it. */
export function checkFile(text: string): CheckReport {
  const events = eventsIn(text.replace(/^\uFEFF/, ''));
  const results = events.map(({ at, body }) => ({ at, ...checkEvent(wrapBareOrder(body) ?? body) }));
  const [first] = results;
  if (results.length === 1 && first?.at === '') return { ok: first.ok, problems: first.problems };
  if (results.length === 0) return { ok: false, problems: [{ path: 'body', problem: 'must have at least one event' }] };
  return {
    ok: results.every(({ ok }) => ok),
    problems: results.flatMap(({ at, problems }) =>
      problems.map(({ path, problem }) => ({ path: `${at}: ${path}`, problem })),
    ),
    events: results,
  };
}

/** Formats a report: one problem a line. */
export function formatCheck({ ok, problems, events }: CheckReport): string {
  const all = events === undefined || events.length === 1 ? 'The event' : `All ${events.length} events`;
  if (ok) return `${all} would be taken.`;
  const refused = events?.filter((event) => !event.ok).length ?? 1;
  const what = events === undefined ? 'The event' : `${refused} of ${plural(events.length, 'event')}`;
  return [`${what} would be refused:`, ...problems.map((problem) => `  ${formatProblem(problem)}`)].join('\n');
}

function eventsIn(text: string): PlacedEvent[] {
  const whole = tryParse(text);
  if (Array.isArray(whole)) return eventsOf(whole) ?? [{ at: '', body: text }];
  const lines = text.split('\n').map((body, index) => ({ at: `line ${index + 1}`, body: body.trim() }));
  const filled = lines.filter(({ body }) => body !== '');
  const areJsonLines = whole === undefined && filled.length > 1 && filled.some(({ body }) => isObject(tryParse(body)));
  return areJsonLines ? filled : [{ at: '', body: text }];
}

/** Returns the events of a JSON array; `undefined` where one is nested so deeply that it cannot be serialized. */
function eventsOf(array: readonly unknown[]): PlacedEvent[] | undefined {
  try {
    return array.map((event, index) => ({ at: `[${index}]`, body: JSON.stringify(event) }));
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown) => typeof value === 'object' && value !== null;
