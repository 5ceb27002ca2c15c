import type { Column } from '../columns.ts';
import { formatDuration, table } from '../format.ts';
import { type Layout, WHOLE } from '../layout.ts';
import { isDead, type VerifyResult } from './verify.ts';

const HOPS: readonly Column[] = [
  { title: 'from', fit: 'wrap', least: 12 },
  { title: 'to' },
  { title: '' },
  { title: 'took', rank: 1 },
  { title: 'problem', fit: 'wrap' },
];

/** Formats the hops as a table, those with a problem first, and says in a line what they amount to. */
export function formatHops({ hops }: VerifyResult, layout: Layout = WHOLE): string {
  const dead = hops.filter(isDead);
  const paused = hops.filter((hop) => hop.paused);
  const rows = [...dead, ...paused, ...hops.filter(({ ok }) => ok)].map((hop) => [
    hop.from,
    hop.to,
    hop.ok ? 'ok' : hop.paused ? 'paused' : 'DEAD',
    hop.by === 'read' ? 'read' : formatDuration(hop.milliseconds),
    hop.problem ?? '',
  ]);
  return [table(HOPS, rows, layout), '', summarizeHops(hops)].join('\n');
}

/** Says in one sentence how many hops deliver, are dead, and were not tried because their consumer is paused. */
function summarizeHops(hops: VerifyResult['hops']): string {
  const [dead, paused, all] = [hops.filter(isDead).length, hops.filter((hop) => hop.paused).length, hops.length];
  const untried = paused === 0 ? '' : `, and ${paused} ${paused === 1 ? 'was' : 'were'} not tried: paused`;
  if (dead > 0) return `${dead} of ${all} hops ${dead === 1 ? 'is' : 'are'} dead${untried}.`;
  return paused === 0 ? `All ${all} hops deliver.` : `${all - paused} of ${all} hops deliver${untried}.`;
}
