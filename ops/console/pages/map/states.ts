import type { StatusDocument } from '../../api/live.ts';
import type { MapNode, ShopMap } from '../../api/map.ts';
import { age } from '../../parts/format.ts';
import type { Flow } from './flow.ts';
import { text } from './messages.ts';

export type ConsumerNow = StatusDocument['consumers'][number];

/** How a node is, in words, and how that is to be taken. */
export type NodeState = { words: string; tone: 'good' | 'bad' | 'warn' | 'idle' | 'info' };

/** What the states of nodes follow from; the status is `undefined` until it was read. */
export type Now = { map: ShopMap; status: StatusDocument | undefined; flows: ReadonlyMap<string, Flow> };

/** Messages that are not done: those that wait, are being tried or wait for their next try. */
export const notDone = ({
  waiting,
  inFlight,
  delayed,
}: Pick<ConsumerNow, 'waiting' | 'inFlight' | 'delayed'>): number => waiting + inFlight + delayed;

export const consumerOf = (status: StatusDocument | undefined, of: string | undefined): ConsumerNow | undefined =>
  status?.consumers.find(({ name }) => name === of);

/** Returns the name of a node in the language of the page; a consumer's name is the same in all. */
export function nameOf({ kind, name, of }: MapNode): string {
  switch (kind) {
    case 'publishers':
    case 'reporters':
    case 'intake':
    case 'sweep':
    case 'topic':
    case 'feed':
    case 'bus':
    case 'parking-queue':
      return text(kind);
    case 'queue':
      return of === undefined ? name : text('queue', { of });
    case 'dead-letter-queue':
      return of === undefined ? name : text('deadLetterQueue', { of });
    default:
      return name;
  }
}

/** Returns what stands on a node: in its row a dead-letter queue need not say whose it is. */
export const shortNameOf = (node: MapNode): string =>
  node.kind === 'dead-letter-queue' && node.of !== undefined ? text('shortDeadLetterQueue') : nameOf(node);

/** Returns how a node is. */
export function stateOf(node: MapNode, now: Now): NodeState {
  if (node.problem !== undefined) return { words: text('ruleBroken'), tone: 'bad' };
  switch (node.kind) {
    case 'queue':
      return queueState(node, now);
    case 'consumer':
    case 'partner':
    case 'sweep':
      return readerState(node, now);
    case 'dead-letter-queue':
      return lettersState(node, now);
    case 'parking-queue':
      return parkedState(now);
    case 'topic':
    case 'feed':
    case 'bus':
    case 'rules':
      return channelState(node, now.map);
    case 'intake':
      return { words: text('open'), tone: 'idle' };
    case 'endpoint':
      return { words: text('webhook'), tone: 'idle' };
    default:
      return { words: text('outside'), tone: 'idle' };
  }
}

const UNKNOWN = (): NodeState => ({ words: text('unknown'), tone: 'idle' });

function queueState({ of }: MapNode, { status }: Now): NodeState {
  const consumer = consumerOf(status, of);
  if (consumer === undefined) return UNKNOWN();
  const n = notDone(consumer);
  if (n === 0) return { words: text('empty'), tone: 'idle' };
  return { words: text('waiting', { n }), tone: isStalled(consumer, status) ? 'bad' : 'info' };
}

/** A partner's own service is seen by its queue only; the sweep has no queue and is seen by its problem only. */
function readerState({ kind, of }: MapNode, { status, flows }: Now): NodeState {
  if (status === undefined) return UNKNOWN();
  const consumer = consumerOf(status, of);
  const problem = stallOf(status, of);
  if (consumer?.paused) return { words: text('paused'), tone: consumer.paused.urgent ? 'bad' : 'warn' };
  if (problem !== undefined) return { words: problem, tone: 'bad' };
  if (kind === 'sweep') return { words: text('scheduled'), tone: 'good' };
  if (kind === 'partner') return { words: text('partner'), tone: 'idle' };
  return flows.get(of ?? '')?.out ? { words: text('working'), tone: 'good' } : { words: text('idle'), tone: 'good' };
}

/** Returns why a consumer makes no progress; dead letters alone are no reason. */
function stallOf(status: StatusDocument | undefined, of: string | undefined): string | undefined {
  const state = status?.problems.find(({ consumer, state }) => consumer === of && state !== 'dead letters')?.state;
  return state === undefined ? undefined : isProblemState(state) ? text(state) : state;
}

const isStalled = (consumer: ConsumerNow, status: StatusDocument | undefined) =>
  consumer.paused !== null || stallOf(status, consumer.name) !== undefined;

const PROBLEM_STATES = [
  'gateway down',
  'breaker open',
  'failing',
  'slow',
  'not connected',
  'switched off',
  'not paused',
  'not read',
  'cannot start',
  'function fails',
  'paused',
] as const;
const isProblemState = (state: string): state is (typeof PROBLEM_STATES)[number] =>
  PROBLEM_STATES.some((one) => one === state);

function lettersState({ of, messages }: MapNode, { status }: Now): NodeState {
  const n = consumerOf(status, of)?.deadLetters ?? messages;
  if (n === undefined) return UNKNOWN();
  return n === 0 ? { words: text('empty'), tone: 'idle' } : { words: text('letters', { n }), tone: 'bad' };
}

/** What is parked is somebody's already, and no trouble. */
function parkedState({ status }: Now): NodeState {
  if (status === undefined) return UNKNOWN();
  return { words: status.parked === 0 ? text('empty') : text('parked', { n: status.parked }), tone: 'idle' };
}

function channelState({ id, kind }: MapNode, { edges }: ShopMap): NodeState {
  const out = edges.filter((edge) => edge.from === id && edge.kind === 'deliver');
  const broken = out.filter(({ problem }) => problem !== undefined).length;
  if (broken > 0) return { words: text('broken', { n: broken }), tone: 'bad' };
  if (kind === 'rules') {
    const n = out.flatMap(({ events }) => events).length;
    return { words: n === 0 ? text('everything') : text('events', { n }), tone: 'idle' };
  }
  return { words: text(kind === 'bus' ? 'rules' : 'ways', { n: out.length }), tone: 'idle' };
}

/** Writes a rate as a person would: by the second where that is one and more. */
export function rateWords(perSecond: number | null): string | undefined {
  if (perSecond === null || perSecond === 0) return undefined;
  const digits = (value: number) => (value < 10 ? value.toFixed(1) : value.toFixed(0));
  return perSecond >= 1
    ? text('perSecond', { rate: digits(perSecond) })
    : text('perMinute', { rate: digits(perSecond * 60) });
}

/** What stands on the line from a queue to who reads it: how many wait and for how long, and how fast they are done now. */
export function edgeWords(
  consumer: ConsumerNow | undefined,
  flow: Flow | undefined,
): { above: string | undefined; below: string | undefined } {
  if (consumer === undefined) return { above: undefined, below: undefined };
  const n = notDone(consumer);
  const { oldestSeconds: oldest } = consumer;
  const waiting = oldest === null ? text('waiting', { n }) : `${text('waiting', { n })}, ${age(oldest)}`;
  return { above: n === 0 ? undefined : waiting, below: rateWords(flow?.rate ?? null) };
}
