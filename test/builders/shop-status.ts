import type { ConsumerStatus, ShopStatus } from '../../ops/status/health.ts';

/** Builds a consumer that is well and has nothing to do. */
export const consumerStatus = (name: string, parts: Partial<ConsumerStatus> = {}): ConsumerStatus => ({
  name,
  waiting: 0,
  inFlight: 0,
  delayed: 0,
  deadLetters: 0,
  oldestSeconds: 0,
  throughput: 0,
  errorRate: null,
  breaker: 'closed',
  waitedSeconds: null,
  deadLettered: 0,
  functionErrors: 0,
  mapping: { enabled: true, concurrency: 10 },
  pause: undefined,
  paused: null,
  nextTryAt: null,
  failure: null,
  ...parts,
});

/** Builds the status of a shop of these consumers in which nothing is. */
export const shopStatus = (consumers: ConsumerStatus[], parts: Partial<ShopStatus> = {}): ShopStatus => ({
  consumers,
  orders: { PLACED: 0, CONFIRMED: 0, CANCELLED: 0 },
  gatewayDown: false,
  late: [],
  dueRefunds: { count: 0, oldest: [] },
  parked: 0,
  undelivered: [],
  losses: [],
  oldestOrder: undefined,
  sweep: { nextTryAt: null, failure: null },
  ...parts,
});
