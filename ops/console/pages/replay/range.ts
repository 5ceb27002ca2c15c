/** Ranges that one click chooses. */
const PRESETS = { hour: 3_600_000, day: 86_400_000 } as const;
export type Preset = keyof typeof PRESETS;

/** What two fields of a form hold: local times as `datetime-local` has them; an empty end means now. */
export type RangeFields = { from: string; until: string };

/** What is wrong with a range, at the field that has it. */
export type RangeProblem = { field: keyof RangeFields; problem: 'missing' | 'not-a-time' | 'future' | 'not-after' };

const pad = (value: number) => String(value).padStart(2, '0');

/** Writes a moment as a `datetime-local` field holds it: in the zone of this machine, to the second. */
export const localField = (at: Date): string =>
  `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}T${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;

/** Returns the fields of the last hour or day, which ends with now whenever that is. */
export const presetRange = (preset: Preset, now: Date): RangeFields => ({
  from: localField(new Date(now.getTime() - PRESETS[preset])),
  until: '',
});

/** Reads the fields as moments in ISO 8601, or says what is wrong with which. */
export function readRange({ from, until }: RangeFields, now: Date): { from: string; until: string } | RangeProblem {
  if (from === '') return { field: 'from', problem: 'missing' };
  const [start, end] = [new Date(from), until === '' ? now : new Date(until)];
  if (Number.isNaN(start.getTime())) return { field: 'from', problem: 'not-a-time' };
  if (Number.isNaN(end.getTime())) return { field: 'until', problem: 'not-a-time' };
  if (start >= now) return { field: 'from', problem: 'future' };
  if (end <= start) return { field: 'until', problem: 'not-after' };
  return { from: start.toISOString(), until: end.toISOString() };
}
