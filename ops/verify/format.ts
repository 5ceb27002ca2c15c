import { formatDuration, table } from '../format.ts';
import type { VerifyResult } from './verify.ts';

/** Formats the hops as a table, those with a problem first, and says in a line what they amount to. */
export function formatHops({ hops }: VerifyResult): string {
  const dead = hops.filter(({ ok }) => !ok);
  const rows = [...dead, ...hops.filter(({ ok }) => ok)].map(({ from, to, ok, milliseconds, by, problem }) => [
    from,
    to,
    ok ? 'ok' : 'DEAD',
    by === 'read' ? 'read' : formatDuration(milliseconds),
    problem ?? '',
  ]);
  return [table(['from', 'to', '', 'took', 'problem'], rows), '', summary(dead.length, hops.length)].join('\n');
}

const summary = (dead: number, all: number): string =>
  dead === 0 ? `All ${all} hops deliver.` : `${dead} of ${all} hops ${dead === 1 ? 'is' : 'are'} dead.`;
