import type { ShopReading } from '../../ops/metrics/families.ts';
import { consumerStatus, shopStatus } from './shop-status.ts';

const at = new Date('2026-11-27T09:00:00Z');

const payment = consumerStatus('payment', {
  waiting: 3,
  inFlight: 2,
  delayed: 1,
  deadLetters: 4,
  oldestSeconds: 700,
  throughput: 1.5,
  errorRate: 0.25,
  breaker: 'open',
  waitedSeconds: 650,
  deadLettered: 2,
  functionErrors: 1,
  failure: { time: '2026-11-27T08:59:00Z', cannotStart: true, errorType: 'Error', errorMessage: 'no TABLE_NAME' },
});
const stock = consumerStatus('stock', {
  mapping: { enabled: false, concurrency: 10 },
  paused: {
    by: 'ana',
    since: '2026-11-27T08:00:00Z',
    reason: 'outage',
    resumeBy: null,
    ordersCancelledFrom: null,
    drainSeconds: null,
    urgent: false,
  },
});
const crm = consumerStatus('crm', {
  partner: true,
  mapping: undefined,
  breaker: null,
  throughput: null,
  oldestSeconds: 4_000,
});

const alarm = { since: '', description: '', topics: [], children: [] };

/** A shop in which much is wrong: every metric has a sample. */
export const busyReading: ShopReading = {
  at,
  status: shopStatus([payment, stock, crm], {
    orders: { PLACED: 5, CONFIRMED: 1_234, CANCELLED: 7 },
    late: [{ orderId: 'o-1', since: '2026-11-27T08:50:00Z', waitsFor: 'payment' }],
    dueRefunds: { count: 2, oldest: [] },
    parked: 6,
    undelivered: [{ name: 'archive-undelivered-steps', consumer: 'archive', count: 1 }],
  }),
  alarms: [
    { ...alarm, name: 'order-failed-deliveries', severity: 'warning', state: 'ALARM' },
    { ...alarm, name: 'sweep-dead-letters', severity: 'critical', state: 'OK' },
  ],
};
