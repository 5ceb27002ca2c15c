import type { StatusDocument } from '../../ops/console/api/live.ts';
import type { MapEdge, MapNode, ShopMap } from '../../ops/console/api/map.ts';
import { consumerStatus } from './shop-status.ts';

export type ConsumerNow = StatusDocument['consumers'][number];

/** Builds a consumer of a status that is well and has nothing to do. */
export const consumerNow = (name: string, parts: Partial<ConsumerNow> = {}): ConsumerNow => {
  const { mapping, pause: _, ...known } = consumerStatus(name);
  return { ...known, enabled: mapping?.enabled ?? null, problems: [], ...parts };
};

/** Builds a status of these consumers. */
export const statusOf = (
  consumers: ConsumerNow[],
  parts: Partial<Pick<StatusDocument, 'problems' | 'parked'>> = {},
): StatusDocument => ({
  ok: true,
  consumers,
  orders: { PLACED: 0, CONFIRMED: 0, CANCELLED: 0, waiting: [] },
  refundsDue: 0,
  oldestRefundsDue: [],
  parked: 0,
  undelivered: [],
  problems: [],
  ...parts,
});

const edge = (kind: MapEdge['kind'], from: string, to: string, events: string[] = []): MapEdge => ({
  from,
  to,
  kind,
  events,
});

const laneOf = (of: string): MapNode[] => [
  { id: `queue-${of}`, kind: 'queue', name: `${of} queue`, of },
  { id: `consumer-${of}`, kind: 'consumer', name: of, of },
  { id: `dead-letters-${of}`, kind: 'dead-letter-queue', name: `${of} dead-letter queue`, of },
];

/** A shop of two consumers: both get orders, payment also what the bus brings, on which both publish. */
export const shopMap: ShopMap = {
  readAt: '2026-11-27T18:00:00.000Z',
  nodes: [
    { id: 'publishers', kind: 'publishers', name: 'your services' },
    { id: 'sweep', kind: 'sweep', name: 'sweep', of: 'sweep' },
    { id: 'topic', kind: 'topic', name: 'orders topic' },
    { id: 'bus', kind: 'bus', name: 'bus' },
    { id: 'rules-payment', kind: 'rules', name: 'payment rule' },
    ...laneOf('order'),
    ...laneOf('payment'),
    { id: 'dead-letters-sweep', kind: 'dead-letter-queue', name: 'sweep dead-letter queue', messages: 2 },
    { id: 'parked', kind: 'parking-queue', name: 'parking queue' },
  ],
  edges: [
    edge('publish', 'publishers', 'topic'),
    edge('publish', 'sweep', 'bus'),
    edge('deliver', 'topic', 'queue-order'),
    edge('deliver', 'topic', 'queue-payment', ['shop.order.placed.v1']),
    edge('deliver', 'bus', 'rules-payment', ['shop.order.confirmed.v1', 'shop.order.cancelled.v1']),
    edge('deliver', 'rules-payment', 'queue-payment', ['shop.order.confirmed.v1', 'shop.order.cancelled.v1']),
    edge('receive', 'queue-order', 'consumer-order'),
    edge('dead-letter', 'queue-order', 'dead-letters-order'),
    edge('publish', 'consumer-order', 'bus', ['shop.order.confirmed.v1']),
    edge('receive', 'queue-payment', 'consumer-payment'),
    edge('dead-letter', 'queue-payment', 'dead-letters-payment'),
    edge('publish', 'consumer-payment', 'bus', ['shop.payment.captured.v1']),
    edge('dead-letter', 'sweep', 'dead-letters-sweep'),
  ],
};
