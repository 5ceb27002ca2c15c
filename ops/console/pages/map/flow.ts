import type { StatusDocument } from '../../api/live.ts';
import type { MapEdge, ShopMap } from '../../api/map.ts';

/** Whether messages come into a consumer's queue, whether they are done, and how many a second; `null` where none is. */
export type Flow = { in: boolean; out: boolean; rate: number | null };

type Reading = { at: number; throughput: number };

/** What was seen of a consumer: its readings, the latest last, and when (milliseconds) messages last came and were last done. */
type Seen = { messages: number; readings: readonly Reading[]; cameAt: number; doneAt: number };

/** What is remembered between two readings of the status, by consumer. */
export type FlowMemory = ReadonlyMap<string, Seen>;

const LONG_AGO = Number.NEGATIVE_INFINITY;
/** So many seconds the throughput of the status is an average of (`RATE_MINUTES`). */
const AVERAGED_SECONDS = 300;
/** So many readings long a consumer counts as busy after its last message: its metrics come a little later. */
export const READINGS = 5;

/**
 * Notes a reading. The throughput is an average of some minutes, which stays for a while after the last message; but it rises only while some are
 * done. A queue that grows gets messages, and one whose messages are done got them.
 */
export function noteReading(before: FlowMemory, consumers: StatusDocument['consumers'], at: number): FlowMemory {
  return new Map(
    consumers.map(({ name, waiting, inFlight, delayed, ...consumer }) => {
      const messages = waiting + inFlight + delayed;
      const reading = { at, throughput: consumer.throughput ?? 0 };
      const last = before.get(name) ?? { messages, readings: [reading], cameAt: LONG_AGO, doneAt: LONG_AGO };
      const isDone = reading.throughput > (last.readings.at(-1)?.throughput ?? 0);
      const doneAt = isDone ? at : last.doneAt;
      const cameAt = isDone || messages > last.messages ? at : last.cameAt;
      return [name, { messages, readings: [...last.readings, reading].slice(-READINGS - 1), cameAt, doneAt }] as const;
    }),
  );
}

/** Returns what flows at a moment: what was seen to within the milliseconds before it. */
export const flowsAt = (memory: FlowMemory, at: number, withinMs: number): Map<string, Flow> =>
  new Map(
    [...memory].map(([name, { cameAt, doneAt, readings }]) => {
      const isDone = at - doneAt <= withinMs;
      return [name, { in: at - cameAt <= withinMs, out: isDone, rate: isDone ? rateOf(readings) : null }];
    }),
  );

/** Returns what was done a second between the first and the last reading; the average itself where an older minute has left it meanwhile. */
function rateOf(readings: readonly Reading[]): number {
  const [first, last] = [readings[0], readings.at(-1)];
  if (first === undefined || last === undefined) return 0;
  const more = last.throughput - first.throughput;
  const seconds = (last.at - first.at) / 1_000;
  return more > 0 && seconds > 0 ? (more * AVERAGED_SECONDS) / seconds : last.throughput;
}

/** Returns a function that tells whether messages are on an edge now. */
export function edgeFlow({ nodes, edges }: ShopMap, flows: ReadonlyMap<string, Flow>): (edge: MapEdge) => boolean {
  const of = new Map(nodes.map((node) => [node.id, node]));
  const comesIn = (id: string) => of.get(id)?.kind === 'queue' && flows.get(of.get(id)?.of ?? '')?.in === true;
  return ({ kind, from, to }) => {
    if (kind === 'receive') return flows.get(of.get(from)?.of ?? '')?.out === true;
    if (kind === 'dead-letter') return false;
    // Who is outside is not seen: only what a topic delivers tells that somebody published.
    if (kind === 'publish' && of.get(from)?.kind === 'publishers')
      return edges.some((edge) => edge.kind === 'deliver' && edge.from === to && comesIn(edge.to));
    if (kind === 'publish') return of.get(from)?.kind === 'consumer' && flows.get(of.get(from)?.of ?? '')?.out === true;
    return comesIn(to) || (of.get(to)?.kind === 'rules' && edges.some((edge) => edge.from === to && comesIn(edge.to)));
  };
}
