import type { Message, Sequence } from './sequence.ts';

/** The geometry of a sequence diagram, in the units of its view box. */
export type Diagram = {
  width: number;
  height: number;
  lanes: { name: string; x: number }[];
  rows: DiagramRow[];
};

/** A message with its line's height and ends, or a pause between two of them. */
export type DiagramRow =
  | {
      kind: 'message';
      y: number;
      x1: number;
      x2: number;
      sinceStartMs: number;
      label: Place;
      note: Place;
      message: Message;
    }
  | { kind: 'pause'; y: number; ms: number };

/** Where a text begins or ends, and how many characters have room. */
type Place = { x: number; anchor: 'start' | 'middle' | 'end'; characters: number };

export const AXIS_WIDTH = 72;
const LANE_WIDTH = 160;
const ROW_HEIGHT = 32;
const NOTE_HEIGHT = 16;
const PAUSE_HEIGHT = 32;
const TOP = 8;
/** Of a small text; an average, because what does not fit is cut. */
const CHARACTER_WIDTH = 6.4;
const GAP = 8;

/** Between two messages that are further apart it says how long nothing happened. */
const PAUSE_MS = 3_000;

/** Whether a message has a second line: it was tried before, waited for long, or failed. */
export const hasNote = ({ attempt = 1, waitedMs = 0, error, kind }: Message): boolean =>
  attempt > 1 || waitedMs >= 1_000 || error !== undefined || kind === 'next-try';

/** Lays out a sequence diagram: a lane for everybody, a row for every message. */
export function layoutDiagram({ lanes, messages }: Sequence): Diagram {
  const width = AXIS_WIDTH + Math.max(1, lanes.length) * LANE_WIDTH;
  const xOf = (lane: string) => AXIS_WIDTH + (lanes.indexOf(lane) + 0.5) * LANE_WIDTH;
  const start = messages[0]?.at ?? 0;
  const rows: DiagramRow[] = [];
  let top = TOP;
  let previous = start;
  for (const message of messages) {
    const ms = message.at - previous;
    if (ms >= PAUSE_MS) {
      rows.push({ kind: 'pause', y: top + PAUSE_HEIGHT / 2, ms });
      top += PAUSE_HEIGHT;
    }
    const [x1, x2] = [xOf(message.from), xOf(message.to)];
    const places = { label: labelPlace(x1, x2, width), note: notePlace(x2, width) };
    rows.push({ kind: 'message', y: top + 22, x1, x2, sinceStartMs: message.at - start, ...places, message });
    top += ROW_HEIGHT + (hasNote(message) ? NOTE_HEIGHT : 0);
    previous = message.at;
  }
  return { width, height: top + TOP, lanes: lanes.map((name) => ({ name, x: xOf(name) })), rows };
}

/** A label is above its line; beside the lane where there is none. */
function labelPlace(x1: number, x2: number, width: number): Place {
  if (x1 === x2) return besideLane(x1, width);
  return { x: (x1 + x2) / 2, anchor: 'middle', characters: charactersIn(Math.abs(x2 - x1) - GAP) };
}

const notePlace = (x: number, width: number): Place => besideLane(x, width);

/** On the side that has more room. */
function besideLane(x: number, width: number): Place {
  const right = width - x;
  return right >= x - AXIS_WIDTH
    ? { x: x + GAP, anchor: 'start', characters: charactersIn(right - 2 * GAP) }
    : { x: x - GAP, anchor: 'end', characters: charactersIn(x - AXIS_WIDTH - GAP) };
}

const charactersIn = (space: number): number => Math.floor(space / CHARACTER_WIDTH);

/** Shortens a text to a number of characters. */
export const cut = (text: string, characters: number): string =>
  text.length <= characters ? text : `${text.slice(0, Math.max(1, characters - 1))}…`;
