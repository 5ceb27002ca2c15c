import {
  authorized,
  cancelled,
  cancelRequested,
  confirmed,
  declined,
  KEYBOARD,
  line,
  placed,
  priced,
  refundRequested,
  reserved,
  shipped,
} from '../builders/events.ts';
import type { Scenario } from './scenario.ts';

const A = placed();
/** Has the same id, but other goods, another total and another phone. */
const B = placed({ id: 'o-1001.other', items: [priced('MS-02', 2, 3_000)], phone: '+821087654321' });
const CANCEL = cancelRequested();
const CANCEL_AGAIN = cancelRequested({ id: 'again' });
const SHIPPED = shipped();
const SECOND_PARCEL = shipped({ id: 'second' });

/** Has two pieces, for the price of one of the first: one can come back. */
const TWO = placed({ items: [{ ...KEYBOARD, quantity: 2, unitPrice: 6_000 }] });
const PART = refundRequested({ amount: 6_000, items: [{ ...line(), restock: true }] });
const PART_AGAIN = { ...PART, id: 'again' };
/** Is everything: too much once a part went back. */
const ALL = refundRequested({ refundId: 'r-2', amount: 12_000, items: [line(KEYBOARD.sku, 2)] });

/** What `order` publishes of the first, for scenarios without it. */
const CONFIRMED = confirmed({ payment: { token: 'tok_visa' } });
const CANCELLED = cancelled();

/** What stock publishes of the first, for scenarios without it. */
const RESERVED = reserved();

/** What stock publishes of it, for scenarios without stock. */
const RESERVED_TWO = reserved({ items: [line(KEYBOARD.sku, 2)] });
const AUTHORIZED = authorized();
const CONFIRMED_TWO = confirmed({ items: [line(KEYBOARD.sku, 2)], payment: { token: 'tok_visa' } });

/** Goods left for which nobody pays. */
const ALARMS = [/order <- .*(shipped|dispatched|left)/];
/** More is asked for than there is. */
const BEYOND = [/(payment|stock) <- shop.order.refund-requested.v1/];
const TOO_EARLY = [/order <- shop.order.shipped.v1/];
/** A cancellation meets goods that left, as a table was put back. */
const CANCELLED_TOO_LATE = [/(payment|stock) <- shop.order.cancelled.v1/];

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
  cancel: { now: [A, CANCEL], withoutReports: true },
  'cancel-faults': { now: [A, CANCEL], budget: { faults: 1 }, without: ['notification'], withoutReports: true },
  'cancel-lost': {
    now: [A, RESERVED, CANCEL],
    budget: { faults: 2 },
    without: ['notification', 'stock'],
    withoutReports: true,
  },
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
  'order alone': {
    now: [A, AUTHORIZED, reserved()],
    afterConfirmation: [SHIPPED, SECOND_PARCEL, CANCEL],
    late: [CANCEL_AGAIN, declined()],
    budget: { faults: 1 },
    without: ['payment', 'stock', 'notification'],
    deadLetters: ALARMS,
  },
  'refunds alone': {
    now: [TWO, CONFIRMED_TWO, PART, ALL, CANCELLED],
    gateway: { refusesRefunds: true },
    without: ['order', 'stock', 'notification'],
    deadLetters: BEYOND,
  },
  'returns alone': {
    now: [TWO, CONFIRMED_TWO, PART, PART_AGAIN, ALL, CANCELLED],
    budget: { faults: 3 },
    without: ['order', 'payment', 'notification'],
    withoutLoss: true,
    deadLetters: BEYOND,
  },
  ship: { now: [A, CANCEL], afterConfirmation: [SHIPPED], withoutReports: true, deadLetters: ALARMS },
  'ship-reports': {
    now: [A],
    afterConfirmation: [SHIPPED],
    late: [CANCEL],
    without: ['notification'],
    deadLetters: ALARMS,
  },
  'ship-texts': {
    now: [TWO, RESERVED_TWO],
    afterConfirmation: [SHIPPED, PART],
    late: [CANCEL],
    without: ['stock'],
    withoutReports: true,
    deadLetters: [...ALARMS, ...BEYOND],
  },
  'ship-faults': {
    now: [A, reserved()],
    afterConfirmation: [SHIPPED, CANCEL],
    budget: { faults: 1 },
    without: ['notification', 'stock'],
    withoutReports: true,
    deadLetters: ALARMS,
  },
  'ship-goods-faults': {
    now: [A, AUTHORIZED],
    afterConfirmation: [SHIPPED, CANCEL],
    budget: { faults: 2 },
    without: ['notification', 'payment'],
    withoutReports: true,
    deadLetters: ALARMS,
  },
  'shipped-early': {
    now: [A, SHIPPED, CANCEL],
    gateway: { declines: true },
    mayBeShort: true,
    without: ['notification'],
    withoutReports: true,
    deadLetters: [...ALARMS, ...TOO_EARLY],
  },
  'lapse-ship': {
    now: [A],
    afterConfirmation: [SHIPPED],
    late: [CANCEL],
    budget: { lapses: 1 },
    without: ['notification'],
    withoutReports: true,
    deadLetters: ALARMS,
  },
  'lapse-ship-faults': {
    now: [A],
    afterConfirmation: [SHIPPED],
    budget: { faults: 1, lapses: 1 },
    without: ['notification'],
    withoutReports: true,
    deadLetters: ALARMS,
  },
  refund: {
    now: [TWO, RESERVED_TWO, PART, PART_AGAIN],
    budget: { faults: 1, lapses: 1 },
    gateway: { declines: true, refusesRefunds: true },
    without: ['notification', 'stock'],
    withoutReports: true,
    deadLetters: BEYOND,
  },
  'refund-reports': { now: [TWO], afterConfirmation: [PART], without: ['notification'] },
  'refund-lost': {
    now: [TWO, RESERVED_TWO],
    afterConfirmation: [PART],
    budget: { faults: 2 },
    without: ['notification', 'stock'],
    withoutReports: true,
    deadLetters: BEYOND,
  },
  'refund-twice': {
    now: [TWO, RESERVED_TWO],
    afterConfirmation: [PART, PART_AGAIN],
    budget: { faults: 1 },
    gateway: { refusesRefunds: true },
    without: ['notification', 'stock'],
    withoutReports: true,
    deadLetters: BEYOND,
  },
  'refund-cancel': {
    now: [TWO, RESERVED_TWO, CANCEL],
    afterConfirmation: [PART, ALL],
    without: ['notification', 'stock'],
    withoutReports: true,
    deadLetters: BEYOND,
  },
  'refund-cancel-goods': {
    now: [TWO, CANCEL],
    afterConfirmation: [PART],
    without: ['notification'],
    withoutReports: true,
    deadLetters: BEYOND,
  },
  'refund-cancel-faults': {
    now: [TWO, RESERVED_TWO],
    afterConfirmation: [PART, CANCEL],
    budget: { faults: 1 },
    without: ['notification', 'stock'],
    withoutReports: true,
    deadLetters: BEYOND,
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
  'replay-ship': {
    now: [A],
    afterConfirmation: [SHIPPED],
    late: [CANCEL],
    budget: { replays: 1, restores: 1 },
    replay: { consumer: 'order' },
    restore: { table: 'order', when: 'at rest' },
    without: ['notification'],
    withoutReports: true,
    deadLetters: [...ALARMS, ...TOO_EARLY, ...CANCELLED_TOO_LATE],
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
  'restore-order-ship': {
    now: [A],
    afterConfirmation: [SHIPPED],
    late: [CANCEL],
    budget: { restores: 1 },
    restore: { table: 'order', when: 'at rest' },
    without: ['notification'],
    withoutReports: true,
    deadLetters: [...ALARMS, ...TOO_EARLY, ...CANCELLED_TOO_LATE],
  },
  'restore-payment-refund': {
    now: [TWO, RESERVED_TWO],
    afterConfirmation: [PART],
    late: [CANCEL],
    budget: { restores: 1 },
    restore: { table: 'payment', when: 'any time' },
    without: ['notification', 'stock'],
    withoutReports: true,
    deadLetters: BEYOND,
  },
  'restore-payment-ship': {
    now: [TWO],
    afterConfirmation: [SHIPPED],
    late: [CANCEL],
    budget: { restores: 1 },
    restore: { table: 'payment', when: 'any time' },
    without: ['notification'],
    withoutReports: true,
    deadLetters: ALARMS,
  },
  'restore-stock-ship': {
    now: [TWO, AUTHORIZED],
    afterConfirmation: [SHIPPED, PART],
    late: [CANCEL],
    budget: { restores: 1 },
    restore: { table: 'stock', when: 'any time' },
    without: ['notification', 'payment'],
    withoutReports: true,
    deadLetters: [...ALARMS, ...BEYOND],
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
    now: [TWO, TWO, B, CANCEL, PART],
    afterConfirmation: [SHIPPED, ALL, CANCEL_AGAIN],
    late: [CANCEL],
    budget: { faults: 4, lapses: 1, sweeps: 2 },
    gateway: { declines: true, refusesRefunds: true },
    mayBeShort: true,
    deadLetters: [...CONTRADICTIONS, ...ALARMS, ...BEYOND, ...TOO_EARLY, ...CANCELLED_TOO_LATE],
  },
  'one order': {
    now: [TWO, TWO, PART],
    afterConfirmation: [SHIPPED, ALL, SECOND_PARCEL],
    late: [CANCEL, CANCEL_AGAIN],
    budget: { faults: 4, lapses: 1, sweeps: 2, replays: 2 },
    gateway: { declines: true, refusesRefunds: true },
    mayBeShort: true,
    replay: { consumer: 'order' },
    deadLetters: [...ALARMS, ...BEYOND, ...TOO_EARLY, ...CANCELLED_TOO_LATE],
  },
  'an order that is forgotten': {
    now: [TWO],
    afterConfirmation: [SHIPPED, PART],
    late: [CANCEL],
    budget: { faults: 2, lapses: 1, sweeps: 2, restores: 2, replays: 2 },
    gateway: { declines: true, refusesRefunds: true },
    mayBeShort: true,
    replay: { consumer: 'order' },
    restore: { table: 'order', when: 'at rest' },
    deadLetters: [...ALARMS, ...BEYOND, ...TOO_EARLY, ...CANCELLED_TOO_LATE],
  },
} as const satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof scenarios;

export type WalkName = keyof typeof walks;
