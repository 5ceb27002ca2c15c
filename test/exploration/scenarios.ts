import { cancelled, cancelRequested, confirmed, placed, priced } from '../builders/events.ts';
import type { Scenario } from './scenario.ts';

const A = placed();
/** Has the same id, but other goods, another total and another phone. */
const B = placed({ id: 'o-1001.other', items: [priced('MS-02', 2, 3_000)], phone: '+821087654321' });
const CANCEL = cancelRequested();

/** What `order` publishes of the first, for scenarios without it. */
const CONFIRMED = confirmed({ payment: { token: 'tok_visa' } });
const CANCELLED = cancelled();

const CONTRADICTIONS = [/already placed/, /confirmed with (an)?other/, /has other/];

/** What is explored; each is named after what it is about. */
export const scenarios = {
  plain: { now: [A], budget: { faults: 2 }, gateway: { declines: true }, mayBeShort: true, withoutReports: true },
  'payment alone': {
    now: [A, CONFIRMED, CANCELLED],
    budget: { faults: 2, lapses: 1 },
    gateway: { declines: true, refusesRefunds: true },
    without: ['order', 'stock', 'notification'],
    withoutLoss: true,
  },
  'stock alone': {
    now: [A, CONFIRMED, CANCELLED],
    budget: { faults: 3 },
    without: ['order', 'payment', 'notification'],
    withoutLoss: true,
  },
  'notification alone': {
    now: [A, CONFIRMED, CANCELLED],
    budget: { faults: 3 },
    without: ['order', 'payment', 'stock'],
    withoutLoss: true,
  },
  steps: { now: [A, CANCEL], budget: { faults: 2 }, without: ['payment', 'stock', 'notification'] },
  reports: { now: [A, CANCEL] },
  cancel: { now: [A, CANCEL], budget: { faults: 1 }, withoutReports: true },
  'cancel-lost': { now: [A, CANCEL], budget: { faults: 2 }, without: ['notification'], withoutReports: true },
  'cancel-lapse': {
    now: [A, CANCEL],
    budget: { lapses: 1, sweeps: 1 },
    gateway: { declines: true },
    without: ['notification'],
    withoutReports: true,
  },
  sweep: { now: [A], budget: { faults: 1, sweeps: 1 }, without: ['notification'], withoutReports: true },
  lapse: { now: [A], late: [CANCEL], budget: { lapses: 1 }, withoutReports: true },
  'two-placed': { now: [A, B], deadLetters: CONTRADICTIONS, withoutReports: true },
  'two-placed-lost': {
    now: [A, B],
    budget: { faults: 1 },
    without: ['notification'],
    withoutReports: true,
    deadLetters: CONTRADICTIONS,
  },
  orphan: { now: [A], budget: { faults: 3 }, without: ['notification'], withoutReports: true },
  replay: {
    now: [A],
    late: [CANCEL],
    budget: { replays: 2, restores: 1 },
    replay: { consumer: 'order' },
    restore: { table: 'order', when: 'at rest' },
    without: ['notification'],
    withoutReports: true,
  },
  'restore-order': {
    now: [A],
    late: [CANCEL],
    budget: { sweeps: 1, restores: 1 },
    restore: { table: 'order', when: 'at rest' },
    without: ['notification'],
    withoutReports: true,
  },
  'restore-order-texts': {
    now: [A],
    late: [CANCEL],
    budget: { restores: 1 },
    restore: { table: 'order', when: 'at rest' },
    withoutReports: true,
  },
  'restore-order-busy': {
    now: [A, CANCEL],
    budget: { restores: 1 },
    restore: { table: 'order', when: 'any time' },
    without: ['notification'],
    withoutReports: true,
  },
  'restore-payment': {
    now: [A],
    late: [CANCEL],
    budget: { restores: 1, lapses: 1 },
    restore: { table: 'payment', when: 'any time' },
    without: ['notification'],
    withoutReports: true,
  },
  'restore-stock': {
    now: [A],
    late: [CANCEL],
    budget: { restores: 1, lapses: 1 },
    restore: { table: 'stock', when: 'any time' },
    without: ['notification'],
    withoutReports: true,
  },
  'restore-notification': {
    now: [A],
    late: [CANCEL],
    budget: { restores: 1 },
    restore: { table: 'notification', when: 'settled' },
    withoutReports: true,
  },
} as const satisfies Record<string, Scenario>;

/** What has too many states to see all of them. */
export const walks = {
  everything: {
    now: [A, A, B, CANCEL],
    late: [CANCEL],
    budget: { faults: 4, lapses: 1, sweeps: 2 },
    gateway: { declines: true, refusesRefunds: true },
    mayBeShort: true,
    deadLetters: CONTRADICTIONS,
  },
  'one order': {
    now: [A, A],
    late: [CANCEL],
    budget: { faults: 4, lapses: 1, sweeps: 2, replays: 2 },
    gateway: { declines: true, refusesRefunds: true },
    mayBeShort: true,
    replay: { consumer: 'order' },
  },
  'an order that is forgotten': {
    now: [A],
    late: [CANCEL],
    budget: { faults: 2, lapses: 1, sweeps: 2, restores: 2, replays: 2 },
    gateway: { declines: true, refusesRefunds: true },
    mayBeShort: true,
    replay: { consumer: 'order' },
    restore: { table: 'order', when: 'at rest' },
  },
} as const satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof scenarios;

export type WalkName = keyof typeof walks;
