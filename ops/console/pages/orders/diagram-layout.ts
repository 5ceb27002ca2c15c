import type { Message, Sequence } from './sequence.ts';

/** The geometry of a sequence diagram, in the units of its view box. */
export type Diagram = {
  /** The width of the column of times. */
  axis: number;
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

/** How much room there is: on a phone lanes are narrower, and labels begin where their arrows do, which is in sight first. */
export type Room = 'wide' | 'narrow';

const AXIS_WIDTH: Readonly<Record<Room, number>> = { wide: 72, narrow: 60 };
const LANE_WIDTH: Readonly<Record<Room, number>> = { wide: 160, narrow: 112 };
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
export function layoutDiagram({ lanes, messages }: Sequence, room: Room = 'wide'): Diagram {
  const [axis, lane] = [AXIS_WIDTH[room], LANE_WIDTH[room]];
  const width = axis + Math.max(1, lanes.length) * lane;
  const xOf = (name: string) => axis + (lanes.indexOf(name) + 0.5) * lane;
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
    const note = besideLane(x2, axis, width);
    const label = x1 === x2 ? note : labelPlace(x1, x2, room);
    rows.push({ kind: 'message', y: top + 22, x1, x2, sinceStartMs: message.at - start, label, note, message });
    top += ROW_HEIGHT + (hasNote(message) ? NOTE_HEIGHT : 0);
    previous = message.at;
  }
  return { axis, width, height: top + TOP, lanes: lanes.map((name) => ({ name, x: xOf(name) })), rows };
}

/** A label is above its line. */
function labelPlace(x1: number, x2: number, room: Room): Place {
  const characters = charactersIn(Math.abs(x2 - x1) - GAP);
  if (room === 'wide') return { x: (x1 + x2) / 2, anchor: 'middle', characters };
  return x1 < x2 ? { x: x1 + GAP, anchor: 'start', characters } : { x: x1 - GAP, anchor: 'end', characters };
}

/** On the side that has more room. */
function besideLane(x: number, axis: number, width: number): Place {
  const right = width - x;
  return right >= x - axis
    ? { x: x + GAP, anchor: 'start', characters: charactersIn(right - 2 * GAP) }
    : { x: x - GAP, anchor: 'end', characters: charactersIn(x - axis - GAP) };
}

const charactersIn = (space: number): number => Math.floor(space / CHARACTER_WIDTH);

/** Shortens a text to a number of characters. */
export const cut = (text: string, characters: number): string =>
  text.length <= characters ? text : `${text.slice(0, Math.max(1, characters - 1))}…`;
