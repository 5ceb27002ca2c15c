import type { Line } from './line.ts';
import { SECONDS_PER_MONTH, type Situation, type Station } from './stations.ts';

/** How long things take: assumed, for no engine on one machine can tell. Milliseconds. */
export const assumed = {
  call: 8,
  transaction: 20,
  gateway: 400,
  text: 150,
  /** Computing with 512 MB, which are given a third of a core: for a batch, and for each message in it. */
  batch: 4,
  message: 1,
  coldStart: 350,
  coldStarts: 0.01,
  sweep: 50,
};
const MEMORY_MB = 512;

/** Gives the milliseconds that are billed for one invocation: its calls one after the other, and computing, faster with more memory. */
export function millisecondsOf({ name, batch, invocations, calls }: Station, memoryMb: number): number {
  const waits = Object.entries(calls).map(([operation, times]) => {
    // The texts of a batch go out side by side.
    if (operation === 'sns.PublishText') return assumed.text;
    return (times / invocations) * (operation === 'dynamodb.TransactWriteItems' ? assumed.transaction : assumed.call);
  });
  const waiting = waits.reduce((sum, wait) => sum + wait, 0) + (name === 'payment' ? assumed.gateway : 0);
  const computing = assumed.batch + assumed.message * batch + assumed.coldStarts * assumed.coldStart;
  return waiting + computing * (MEMORY_MB / memoryMb);
}

/** What Lambda takes. */
export function compute({ facts }: Situation, stations: readonly Station[]): Line[] {
  const invocations = stations.reduce((sum, station) => sum + station.invocations, 0);
  const sweep = facts.functions.sweep;
  const sweeps = sweep === undefined ? 0 : SECONDS_PER_MONTH / 60 / facts.sweepMinutes;
  const lines: Line[] = [
    { service: 'Lambda', what: 'invocations', price: 'lambda.request', perOrder: invocations, fixed: sweeps },
  ];
  for (const architecture of ['arm64', 'x86_64'] as const) {
    const gbSeconds = stations.reduce((sum, station) => {
      const fn = facts.functions[station.name];
      if (fn?.architecture !== architecture) return sum;
      return sum + (station.invocations * millisecondsOf(station, fn.memoryMb) * fn.memoryMb) / 1000 / 1024;
    }, 0);
    const fixed = sweep?.architecture === architecture ? (sweeps * assumed.sweep * sweep.memoryMb) / 1000 / 1024 : 0;
    if (gbSeconds + fixed === 0) continue;
    lines.push({
      service: 'Lambda',
      what: `time × memory (${architecture})`,
      price: `lambda.${architecture}`,
      perOrder: gbSeconds,
      fixed,
    });
  }
  return lines;
}
