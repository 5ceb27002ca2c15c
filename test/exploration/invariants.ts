import type { CloudEvent } from '../../contracts/cloud-event.ts';
import { goodsOf, type OrderPlaced, orderPlaced, sameGoods } from '../../contracts/order.ts';
import { isDecided, type Order } from '../../lambdas/order/record.ts';
import type { GatewayBook } from './gateway-model.ts';
import { Violation } from './observer.ts';
import { OF_OTHERS } from './shelves.ts';
import type { Shop } from './shop.ts';
import type { Seen, State } from './state.ts';
import type { Stock } from './stock-step.ts';

const RANKS = { none: 0, PLACED: 1, CONFIRMED: 2, CANCELLED: 3 } as const;

const refuse = (isWrong: boolean | undefined, problem: string): void => {
  if (isWrong) throw new Violation(problem);
};

/** Checks a write of an order: its status moves forward, and no confirmed order times out. */
export function checkOrder(before: Order | undefined, after: Order | undefined, { wasConfirmed }: Seen): void {
  const from = before?.status ?? 'none';
  const to = after?.status ?? 'none';
  refuse(RANKS[to] < RANKS[from], `The status goes back from ${from} to ${to}`);
  refuse(
    from !== to && to === 'CANCELLED' && after?.reason === 'timed-out' && wasConfirmed,
    'Timed out after it had been confirmed',
  );
}

/** Checks that a replay without effects decides nothing. */
export const checkReplay = (before: Order | undefined, after: Order | undefined): void =>
  refuse(
    after !== undefined && isDecided(after) && after.status !== before?.status,
    `A replay decides: ${after?.status}`,
  );

/** Checks what the provider did: it holds and takes the total once, takes only what was confirmed, and gives no more back. */
export function checkBook(before: GatewayBook, after: GatewayBook, { wasConfirmed }: Seen): void {
  refuse(after.holds > 1, 'The total is held twice');
  refuse(after.captured > after.held, 'More is captured than was held');
  refuse(after.captured > before.captured && !wasConfirmed, 'Captured before a confirmation was published');
  refuse(refundedOf(after) > after.captured, 'More is refunded than was captured');
}

const refundedOf = ({ refunds }: GatewayBook) => refunds.reduce((sum, { amount }) => sum + amount, 0);

/** Checks that no number of a shelf is below zero. */
export function checkStock({ shelves }: Stock): void {
  for (const [sku, shelf] of Object.entries(shelves))
    refuse(Math.min(...Object.values(shelf)) < 0, `Shelf ${sku} is below zero: ${JSON.stringify(shelf)}`);
}

/** Checks what must hold once nothing is left to be done, and the sweep finds nothing. */
export function checkEnd(shop: Shop, state: State): void {
  const order = shop.scenario.without?.includes('order') ? CANCELLED : shop.orders.get(state.order);
  const seen = shop.observations.get(state.seen);
  const book = shop.books.get(state.gateway);
  const messages = state.messages.map((message) => shop.messages.get(message));
  refuse(messages.length > 0, `A message waits for ever: ${messages[0]?.consumer} <- ${messages[0]?.event.type}`);
  const { deadLetters = [] } = shop.scenario;
  const wrong = seen.dead.find((reason) => !deadLetters.some((allowed) => allowed.test(reason)));
  refuse(wrong !== undefined, `A good message is dead-lettered: ${wrong}`);
  checkHeld(shop, state, order, book);
  if (order === undefined) return;
  refuse(order.status !== 'CONFIRMED' && order.status !== 'CANCELLED', `Undecided for ever: ${order.status}`);
  refuse(order.published < order.timeline.length, 'A step is never published');
  refuse(seen.feed.length < order.timeline.length, 'A step is missing in the feed');
  if (order.status === 'CONFIRMED') checkConfirmed(shop, state, order, book);
  else checkCancelled(shop, state, book);
  checkTexts(shop, state, order);
  if (!shop.scenario.without?.includes('order')) checkShipment(order, seen);
}

/** Stands for the order where it is left out: such scenarios publish its cancellation. */
const CANCELLED: Order = { orderId: 'o-1001', version: 1, status: 'CANCELLED', timeline: [], published: 0 };

function checkHeld(shop: Shop, state: State, order: Order | undefined, book: GatewayBook): void {
  const isConfirmed = order?.status === 'CONFIRMED';
  refuse(book.standing === 'held' && !isConfirmed, `Money is held, the order is ${order?.status}`);
  const { reservation } = shop.stocks.get(state.stock);
  const holds = reservation?.state === 'reserved' || reservation?.state === 'sold';
  refuse(holds && !isConfirmed, `Goods are ${reservation?.state}, the order is ${order?.status}`);
  const { state: payment } = shop.payments.get(state.payment) ?? {};
  refuse(/ing$/.test(payment ?? ''), `A call was begun and never ends: the payment is ${payment}`);
}

function checkConfirmed(shop: Shop, state: State, order: Order, book: GatewayBook): void {
  const { without = [] } = shop.scenario;
  const total = order.total?.amount;
  refuse(!without.includes('payment') && book.captured !== total, `Confirmed for ${total}, captured ${book.captured}`);
  const { reservation, shelves } = shop.stocks.get(state.stock);
  const items = order.items ?? [];
  // A reservation that was forgotten is not missed once all have heard of the decision: the goods stay sold.
  if (shop.scenario.restore?.table === 'stock' && reservation === undefined) {
    for (const { sku, quantity } of items)
      refuse((shelves[sku]?.sold ?? 0) < OF_OTHERS + quantity, `Confirmed, and ${sku} is not sold`);
    return;
  }
  refuse(!without.includes('stock') && reservation?.state !== 'sold', `Confirmed, the goods are ${reservation?.state}`);
  refuse(reservation !== undefined && !sameGoods(reservation.lines, items), 'Other goods are sold than are confirmed');
}

function checkCancelled(shop: Shop, state: State, book: GatewayBook): void {
  const payment = shop.payments.get(state.payment);
  const due = payment?.state === 'refund-due' ? (payment.money?.amount ?? 0) : 0;
  refuse(
    book.captured !== refundedOf(book) + due,
    `Cancelled: captured ${book.captured}, refunded ${refundedOf(book)}, due ${due}`,
  );
  if (shop.scenario.restore?.table === 'stock') return;
  for (const [sku, { reserved }] of Object.entries(shop.stocks.get(state.stock).shelves))
    refuse(reserved !== OF_OTHERS, `${reserved - OF_OTHERS} of ${sku} are held for nobody`);
}

function checkShipment({ status, items = [] }: Order, { shipment }: Seen): void {
  refuse(shipment?.status !== status, `The order is ${status}, to shipping it is ${shipment?.status}`);
  const leaves = shipment?.shipment !== undefined && shipment.shipment.cancelledAt === undefined;
  refuse(leaves !== (status === 'CONFIRMED'), `The order is ${status}, and ${leaves ? 'is' : 'is not'} shipped`);
  refuse(leaves && !sameGoods(shipment?.shipment?.items ?? [], items), 'Other goods are shipped than are confirmed');
}

function checkTexts(shop: Shop, state: State, { status, items }: Order): void {
  const { texts, dead } = shop.observations.get(state.seen);
  const contact = shop.notifications.get(state.notification)?.contact;
  const decision = status === 'CONFIRMED' ? 'order-confirmed' : 'order-cancelled';
  const isRefused = dead.some((reason) => reason.startsWith('notification'));
  const isTold = texts.some(({ template }) => template === decision);
  refuse(contact !== undefined && !isTold && !isRefused, `Nobody is told: ${decision}`);
  refuse(isTold && texts.at(-1)?.template !== decision, `The last text is ${texts.at(-1)?.template}: ${decision}`);
  if (status !== 'CONFIRMED' || items === undefined) return;
  for (const { phone } of texts)
    refuse(!sameGoods(itemsOf(shop, phone), items), 'The text of a confirmation goes to whom placed other goods');
}

const isPlaced = (event: CloudEvent): event is OrderPlaced => event.type === orderPlaced.type;

/** Returns the goods that were placed with a phone number. */
const itemsOf = ({ scenario }: Shop, phone: string) =>
  goodsOf(scenario.now.filter(isPlaced).find(({ data }) => data.customer?.phone === phone)?.data.items ?? []);
