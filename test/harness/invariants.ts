import type { Template } from '../../contracts/notification.ts';
import { CANCELLATION_REFUND, orderCancelled, orderConfirmed } from '../../contracts/order.ts';
import { paymentRefunded } from '../../contracts/payment.ts';
import { frameFor } from '../../lambdas/notification/text-frame.ts';
import { textFor } from '../../lambdas/notification/texts.ts';
import { isRightlyRefused, returnedOf, unansweredRequests } from './requests.ts';
import type { BookEntry, PlacedOrders, QueuedMessage, ShopState, TestOrder } from './shop-state.ts';

/** What a run put in, and what was observed on the way. */
export type Observations = {
  ledger: PlacedOrders;
  /** The statuses written for each order, in order. */
  statuses: ReadonlyMap<string, string[]>;
  /** SKUs that were observed with a negative number. */
  negatives: readonly string[];
  /** What was wrong for a moment, above all with the gateway's book, as sentences. */
  momentary?: readonly string[];
  logged(): string;
  /** Consumers that do not run. */
  idle?: readonly string[];
};

/** Exceptions from the invariants that a test allows. */
export type Allowances = {
  /** Orders that may have been texted twice in the same words, after a crash between sending and recording. */
  secondText?: ReadonlySet<string>;
  /** Orders whose customers get one reminder besides the decision. */
  reminded?: ReadonlySet<string>;
  /** Orders whose number gets no text. */
  refused?: ReadonlySet<string>;
  /** Orders whose decision was forgotten, so that they may be confirmed on the way, or be told of what is on record no more. */
  decidedAnew?: ReadonlySet<string>;
  /** Orders whose customers may never be told, because their numbers are forgotten. */
  untold?: ReadonlySet<string>;
  /** Orders whose refund the provider refuses: a person has to send the money. */
  refundDue?: ReadonlySet<string>;
  /** Dead letters that are expected, besides requests that have to be refused; every other one is a violation. */
  deadLetter?: (message: QueuedMessage) => boolean;
};

/** Returns a sentence for each violated invariant, beginning with its number (I1: money, I2: stock, …). */
export function findViolations(observed: Observations, state: ShopState, allowances: Allowances = {}): string[] {
  const { ledger } = observed;
  const { orders } = ledger;
  return [
    ...[...orders.values()].flatMap((order) => [
      ...money(state, order, allowances),
      ...unansweredRequests(ledger, state, order),
      ...terminal(state, order),
      ...reminders(state, order, allowances),
      ...texts(state, order, allowances),
    ]),
    ...stock(state, ledger),
    ...(observed.momentary ?? []),
    ...observed.negatives.map((sku) => `I2: ${sku} was negative for a moment`),
    ...state.waiting.map(({ consumer, body }) => `I4: still waits for ${consumer}: ${body.slice(0, 80)}`),
    ...state.deadLetters
      .filter((message) => allowances.deadLetter?.(message) !== true && !isRightlyRefused(ledger, state, message))
      .map(
        ({ consumer, attributes, body }) =>
          `I3: dead letter of ${consumer}: ${attributes.errorType} ${attributes.errorMessage} ${body.slice(0, 80)}`,
      ),
    ...forward(observed.statuses, allowances),
    ...secrets(observed.logged(), orders, state),
  ];
}

const sum = (charges: readonly BookEntry[]) => charges.reduce((total, { amount }) => total + amount, 0);

/**
 * I1: authorized and captured at most once, refunded once per id and never beyond what was captured. In the end a confirmed order is paid in
 * full, a cancelled one holds nothing, and what was authorized was captured, voided or has lapsed.
 */
function money(
  { charges, orders, payments }: ShopState,
  { orderId, quantity, unitPrice, token, capturedAs, payment }: TestOrder,
  { refundDue }: Allowances,
): string[] {
  const own = (kind: BookEntry['kind']) =>
    charges.filter((charge) => charge.orderId === orderId && charge.kind === kind);
  const [authorizations, captures, voids, refunds] = [own('authorization'), own('capture'), own('void'), own('refund')];
  const total = quantity * unitPrice;
  const status = orders.get(orderId)?.status;
  const found: string[] = [];
  const expect = (holds: boolean, problem: string) => void (holds || found.push(`I1: ${orderId} ${problem}`));
  if (payment?.kind === 'awaited' || payment?.kind === 'on-delivery') {
    expect(
      charges.every((charge) => charge.orderId !== orderId),
      'is paid past the gateway, which moved money',
    );
    return found;
  }
  expect(authorizations.length <= 1, `was authorized ${authorizations.length} times`);
  expect(captures.length <= 1, `was captured ${captures.length} times`);
  expect(new Set(refunds.map(({ refundId }) => refundId)).size === refunds.length, 'was refunded twice under one id');
  const whole = [...authorizations, ...captures, ...voids].every(({ amount }) => amount === total);
  expect(whole, 'was charged a wrong amount');
  const taken = capturedAs === undefined ? sum(captures) : total;
  expect(sum(refunds) <= taken, `was refunded ${sum(refunds)} of ${taken}`);
  if (status !== 'CONFIRMED' && status !== 'CANCELLED') return found;

  const isDue = refundDue?.has(orderId) === true;
  expect(!isDue || payments?.get(orderId)?.refundDue !== undefined, 'must be refunded by a person, whom nobody tells');
  const kept = taken - sum(refunds);
  const left = total - sum(refunds.filter(({ refundId }) => refundId !== CANCELLATION_REFUND));
  const isUnpaid = orders.get(orderId)?.contradiction === 'not-captured-after-shipping';
  if (status === 'CONFIRMED') expect(kept === (isUnpaid ? 0 : left), `is confirmed, and ${kept} of ${left} are paid`);
  else expect(kept === (isDue ? left : 0), `is cancelled, and ${kept} are kept`);
  const held = sum(authorizations) - sum(captures) - sum(voids);
  expect(held === 0 || (held === total && token === 'tok_lapses'), `holds ${held} in the end`);
  return found;
}

/** I3: an accepted order ends, or its message is a dead letter. */
function terminal({ orders, deadLetters }: ShopState, { orderId }: TestOrder): string[] {
  const status = orders.get(orderId)?.status;
  if (status === 'CONFIRMED' || status === 'CANCELLED') return [];
  return deadLetters.some(({ body }) => body.includes(orderId)) ? [] : [`I3: ${orderId} ended as ${status}`];
}

const isReminder = (text: string) => text.includes('지연');

/** I5: who gets no text gets none, and a reminder goes out only where it is due, once. */
function reminders({ texts: sent }: ShopState, { orderId, phone }: TestOrder, allowances: Allowances): string[] {
  const { reminded, refused } = allowances;
  const all = (sent[phone] ?? []).filter((text) => text.includes(orderId));
  const count = all.filter(isReminder).length;
  const found: string[] = [];
  if (count !== (reminded?.has(orderId) ? 1 : 0)) found.push(`I5: ${orderId} was reminded ${count} times`);
  if (all.length > count && refused?.has(orderId)) found.push(`I5: ${orderId} was texted, and its number gets no text`);
  return found;
}

/**
 * I5: a decided order's customer is told of the decision, and of a refund, at most once per template. Who was told that an order is confirmed
 * is told of its cancellation too; who was told of the cancellation is told nothing more.
 */
function texts(
  { orders, texts: sent, deadLetters }: ShopState,
  { orderId, phone, locale }: TestOrder,
  { secondText, refused, untold, decidedAnew }: Allowances,
): string[] {
  const own = (sent[phone] ?? []).filter((text) => text.includes(orderId) && !isReminder(text));
  const { status, timeline = [] } = orders.get(orderId) ?? {};
  const steps = timeline.map(({ type }) => type);
  const most = secondText?.has(orderId) === true ? 2 : 1;
  const isExcused =
    refused?.has(orderId) ||
    untold?.has(orderId) ||
    deadLetters.some(({ consumer, body }) => consumer === 'notification' && body.includes(orderId));
  const found: string[] = [];
  const isRefunded = timeline.some(({ type, id }) => type === paymentRefunded.type && id !== undefined);
  const last = isRefunded ? 'order-refunded' : 'order-confirmed';
  const check = (template: Template, step: string, isDue: boolean, isLast = isDue) => {
    const text = textFor(template, locale, orderId, frameFor(phone, {}));
    const count = own.filter((one) => one === text).length;
    if (count > most) found.push(`I5: ${orderId} was told ${count} times: ${text}`);
    if (count > 0 && !steps.includes(step) && !decidedAnew?.has(orderId))
      found.push(`I5: ${orderId} was told what is not so: ${text}`);
    if (isDue && count === 0 && !isExcused) found.push(`I5: ${orderId} was never told: ${text}`);
    if (isLast && count > 0 && own.at(-1) !== text) found.push(`I5: ${orderId} was told last: ${own.at(-1)}`);
  };
  const isConfirmed = status === 'CONFIRMED';
  check('order-confirmed', orderConfirmed.type, isConfirmed, isConfirmed && last === 'order-confirmed');
  check('order-refunded', paymentRefunded.type, isConfirmed && isRefunded);
  check('order-cancelled', orderCancelled.type, status === 'CANCELLED');
  return found;
}

/**
 * I2: nothing is created or lost but what came in and what came back, nothing is held for nobody, and what is sold is what was confirmed. What
 * came back stays sold, also when the rest of its order is cancelled.
 */
function stock(state: ShopState, ledger: PlacedOrders): string[] {
  return [...ledger.goods].flatMap(([sku, start]) => {
    const { available = 0, reserved = 0, sold = 0 } = state.shelves.get(sku) ?? {};
    const own = [...ledger.orders.values()].filter((order) => order.sku === sku);
    const counts = own.map((order) => {
      const { returned, restocked } = returnedOf(ledger, state, order);
      const isConfirmed = state.orders.get(order.orderId)?.status === 'CONFIRMED';
      return { sold: isConfirmed ? order.quantity : returned, restocked };
    });
    const cameIn = start + counts.reduce((sum, { restocked }) => sum + restocked, 0);
    const expected = counts.reduce((sum, one) => sum + one.sold, 0);
    const found: string[] = [];
    const numbers = `${available} available, ${reserved} reserved, ${sold} sold of ${start} and ${cameIn - start} back`;
    if (Math.min(available, reserved, sold) < 0) found.push(`I2: ${sku} is negative: ${numbers}`);
    if (available + reserved + sold !== cameIn) found.push(`I2: ${sku} does not add up: ${numbers}`);
    if (reserved !== 0) found.push(`I2: ${sku} is held for nobody: ${numbers}`);
    if (sold !== expected) found.push(`I2: ${sku}: ${expected} confirmed or back, ${numbers}`);
    return found;
  });
}

const RANK: Record<string, number> = { PLACED: 1, CONFIRMED: 2, CANCELLED: 3 };

/** I6: placed, confirmed, cancelled, some of them and only in this order. */
function forward(statuses: ReadonlyMap<string, string[]>, { decidedAnew }: Allowances): string[] {
  return [...statuses].flatMap(([orderId, seen]) => {
    if (decidedAnew?.has(orderId)) return [];
    const steps = seen.filter((status, index) => status !== seen[index - 1]);
    const back = steps.some((status, index) => index > 0 && (RANK[status] ?? 0) <= (RANK[steps[index - 1] ?? ''] ?? 0));
    return back ? [`I6: ${orderId} went ${steps.join(', ')}`] : [];
  });
}

/** I8: neither the logs nor what is added to a dead letter carries a number, a token or a payload. */
function secrets(logged: string, orders: ReadonlyMap<string, TestOrder>, { deadLetters }: ShopState): string[] {
  const written = logged + deadLetters.map(({ attributes }) => JSON.stringify(attributes)).join('\n');
  const known = new Set([...orders.values()].flatMap(({ phone, token }) => [phone, phone.slice(1), token]));
  for (const word of ['unitPrice', '"customer":', 'tok_']) known.add(word);
  return [...known].filter((secret) => written.includes(secret)).map((secret) => `I8: a log carries ${secret}`);
}
