import type { PlacedOrders, QueuedMessage, ShopState, TestOrder } from './shop-state.ts';

/** What a run put in, and what was observed on the way. */
export type Observations = {
  ledger: PlacedOrders;
  /** The statuses written for each order, in order. */
  statuses: ReadonlyMap<string, string[]>;
  /** SKUs that were observed with a negative number. */
  negatives: readonly string[];
  logged(): string;
  /** Consumers that do not run. */
  idle?: readonly string[];
};

/** Exceptions from the invariants that a test allows. */
export type Allowances = {
  /** Orders that may have been texted twice, after a crash between sending and recording. */
  secondText?: ReadonlySet<string>;
  /** Orders whose customers get one reminder besides the decision. */
  reminded?: ReadonlySet<string>;
  /** Orders whose number gets no text. */
  refused?: ReadonlySet<string>;
  /** Dead letters that are expected; every other one is a violation. */
  deadLetter?: (message: QueuedMessage) => boolean;
};

/** Returns a sentence for each violated invariant, beginning with its number (I1: money, I2: stock, …). */
export function findViolations(observed: Observations, state: ShopState, allowances: Allowances = {}): string[] {
  const { orders, goods } = observed.ledger;
  return [
    ...[...orders.values()].flatMap((order) => [
      ...money(state, order),
      ...terminal(state, order),
      ...texts(state, order, allowances),
    ]),
    ...stock(state, goods, orders),
    ...observed.negatives.map((sku) => `I2: ${sku} was negative for a moment`),
    ...state.waiting.map(({ consumer, body }) => `I4: still waits for ${consumer}: ${body.slice(0, 80)}`),
    ...state.deadLetters
      .filter((message) => allowances.deadLetter?.(message) !== true)
      .map(
        ({ consumer, attributes, body }) =>
          `I3: dead letter of ${consumer}: ${attributes.errorType} ${attributes.errorMessage} ${body.slice(0, 80)}`,
      ),
    ...forward(observed.statuses),
    ...secrets(observed.logged(), orders, state),
  ];
}

/** I1: charged at most once, exactly once and rightly if confirmed, and given back if cancelled. */
function money({ charges, orders }: ShopState, { orderId, quantity, unitPrice }: TestOrder): string[] {
  const own = charges.filter((charge) => charge.orderId === orderId);
  const captures = own.filter(({ kind }) => kind === 'capture');
  const refunds = own.filter(({ kind }) => kind === 'refund');
  const status = orders.get(orderId)?.status;
  const found: string[] = [];
  if (captures.length > 1) found.push(`I1: ${orderId} was charged ${captures.length} times`);
  if (refunds.length > captures.length) found.push(`I1: ${orderId} was refunded ${refunds.length} times`);
  if (own.some(({ amount }) => amount !== quantity * unitPrice))
    found.push(`I1: ${orderId} was charged a wrong amount`);
  if (status === 'CONFIRMED' && captures.length - refunds.length !== 1)
    found.push(`I1: ${orderId} is confirmed and not paid`);
  if (status === 'CANCELLED' && captures.length !== refunds.length)
    found.push(`I1: ${orderId} is cancelled and money is held`);
  return found;
}

/** I3: an accepted order ends, or its message is a dead letter. */
function terminal({ orders, deadLetters }: ShopState, { orderId }: TestOrder): string[] {
  const status = orders.get(orderId)?.status;
  if (status === 'CONFIRMED' || status === 'CANCELLED') return [];
  return deadLetters.some(({ body }) => body.includes(orderId)) ? [] : [`I3: ${orderId} ended as ${status}`];
}

/** I5: one text per decided order; none is lost either. */
function texts(
  { orders, texts: sent, deadLetters }: ShopState,
  { orderId, phone }: TestOrder,
  { secondText, reminded, refused }: Allowances,
): string[] {
  const all = (sent[phone] ?? []).filter((text) => text.includes(orderId));
  const twice = secondText?.has(orderId) === true;
  const reminders = all.filter((text) => text.includes('지연'));
  const own = all.filter((text) => !reminders.includes(text));
  const status = orders.get(orderId)?.status;
  const found: string[] = [];
  if (reminders.length !== (reminded?.has(orderId) ? 1 : 0))
    found.push(`I5: ${orderId} was reminded ${reminders.length} times`);
  if (own.length > (twice ? 2 : 1)) found.push(`I5: ${orderId} was texted ${own.length} times`);
  if (new Set(own).size > 1) found.push(`I5: ${orderId} was told different things`);
  const excused = deadLetters.some(({ consumer, body }) => consumer === 'notification' && body.includes(orderId));
  if (own.length > 0 && refused?.has(orderId)) found.push(`I5: ${orderId} was texted, and its number gets no text`);
  if (own.length === 0 && !refused?.has(orderId) && status !== undefined && status !== 'PLACED' && !excused)
    found.push(`I5: ${orderId} was never texted`);
  return found;
}

/** I2: nothing is created or lost, nothing is held for nobody, and what is sold is what was confirmed. */
function stock(
  { shelves, orders: known }: ShopState,
  goods: ReadonlyMap<string, number>,
  orders: ReadonlyMap<string, TestOrder>,
): string[] {
  return [...goods].flatMap(([sku, start]) => {
    const { available = 0, reserved = 0, sold = 0 } = shelves.get(sku) ?? {};
    const wanted = [...orders.values()].filter(
      (order) => order.sku === sku && known.get(order.orderId)?.status === 'CONFIRMED',
    );
    const confirmed = wanted.reduce((sum, { quantity }) => sum + quantity, 0);
    const found: string[] = [];
    const numbers = `${available} available, ${reserved} reserved, ${sold} sold of ${start}`;
    if (Math.min(available, reserved, sold) < 0) found.push(`I2: ${sku} is negative: ${numbers}`);
    if (available + reserved + sold !== start) found.push(`I2: ${sku} does not add up: ${numbers}`);
    if (reserved !== 0) found.push(`I2: ${sku} is held for nobody: ${numbers}`);
    if (sold !== confirmed) found.push(`I2: ${sku}: ${confirmed} confirmed, ${numbers}`);
    return found;
  });
}

const RANK: Record<string, number> = { PLACED: 1, CONFIRMED: 2, CANCELLED: 2 };

/** I6: placed, then one decision, and never another. */
function forward(statuses: ReadonlyMap<string, string[]>): string[] {
  return [...statuses].flatMap(([orderId, seen]) => {
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
