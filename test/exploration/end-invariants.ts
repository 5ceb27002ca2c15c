import type { CloudEvent } from '../../contracts/cloud-event.ts';
import {
  goodsOf,
  type OrderPlaced,
  orderCancelRequested,
  orderPlaced,
  orderRefundRequested,
  sameGoods,
} from '../../contracts/order.ts';
import type { Order } from '../../lambdas/order/record.ts';
import type { Payment, Refund } from '../../lambdas/payment/record.ts';
import type { GatewayBook } from './gateway-model.ts';
import { FOLLOW_UPS, refundedOf, refuse, returnedOf } from './invariants.ts';
import { OF_OTHERS } from './shelves.ts';
import type { Shop } from './shop.ts';
import type { Seen, State } from './state.ts';

/** Checks what must hold once nothing is left to be done, and the sweep finds nothing. */
export function checkEnd(shop: Shop, state: State): void {
  const order = shop.scenario.without?.includes('order') ? CANCELLED : shop.orders.get(state.order);
  const seen = shop.observations.get(state.seen);
  const book = shop.books.get(state.gateway);
  const messages = state.messages.map((message) => shop.messages.get(message));
  // Where the order was lost, a refund waits for it until it is given up.
  const waiting = messages.find(({ event }) => order !== undefined || event.type !== orderRefundRequested.type);
  refuse(waiting !== undefined, `A message waits for ever: ${waiting?.consumer} <- ${waiting?.event.type}`);
  const { deadLetters = [] } = shop.scenario;
  const wrong = seen.dead.find((reason) => !deadLetters.some((allowed) => allowed.test(reason)));
  refuse(wrong !== undefined, `A good message is dead-lettered: ${wrong}`);
  checkHeld(shop, state, order, book);
  if (order === undefined) return;
  checkAnswers(order, seen);
  refuse(order.status !== 'CONFIRMED' && order.status !== 'CANCELLED', `Undecided for ever: ${order.status}`);
  refuse(order.published < order.timeline.length, 'A step is never published');
  refuse(seen.feed.length < order.timeline.length, 'A step is missing in the feed');
  // What others have undone of a shipped order is a person's.
  if (order.contradiction === 'cancelled-after-shipping') return;
  if (order.status === 'CONFIRMED') checkConfirmed(shop, state, order, book);
  else checkCancelled(shop, state, order, book);
  checkTexts(shop, state, order);
  if (!shop.scenario.without?.includes('order')) checkShipment(order, seen);
}

/** Stands for the order where it is left out: such scenarios publish its cancellation. */
const CANCELLED: Order = { orderId: 'o-1001', version: 1, status: 'CANCELLED', timeline: [], published: 0 };

/** Checks that who asked is answered: a cancellation by the order's end or by a refusal, money and goods in each case. */
function checkAnswers(order: Order, { asked, answered, dead, hasLeft, wasRestored }: Seen): void {
  const isCancelled = order.status === 'CANCELLED';
  for (const request of asked) {
    // What a table that was put back has forgotten of a cancellation may contradict what left meanwhile: a person is told.
    const isEnded = isCancelled || (wasRestored && order.contradiction !== undefined);
    const isDone = answered[request] !== undefined || (request.startsWith('cancellation') && isEnded);
    const isRefused = request.startsWith('goods') && dead.some((reason) => reason.startsWith(REFUSED_RETURN));
    refuse(!isDone && !isRefused, `Nobody answers: ${request}`);
  }
  if (wasRestored) return;
  const isTold = order.contradiction !== undefined;
  refuse(hasLeft && isCancelled && !isTold, 'Goods left, the order is CANCELLED, and nobody is told');
  const mine = order.timeline.find(
    ({ type, id }) => type === orderCancelRequested.type && id !== undefined && answered[`cancellation, ${id}`],
  );
  refuse(mine !== undefined, `A request that was noted is refused: ${mine?.id}`);
  const isBarred = Object.values(answered).includes('shipped');
  refuse(isBarred && isCancelled, 'A request was refused because goods left, and the order is CANCELLED');
}

const REFUSED_RETURN = `stock <- ${orderRefundRequested.type}`;

function checkHeld(shop: Shop, state: State, order: Order | undefined, book: GatewayBook): void {
  const isConfirmed = order?.status === 'CONFIRMED';
  refuse(book.standing === 'held' && !isConfirmed, `Money is held, the order is ${order?.status}`);
  const { reservation } = shop.stocks.get(state.stock);
  const holds = reservation?.state === 'reserved' || reservation?.state === 'sold';
  const isKept = reservation?.dispatched && order?.contradiction !== undefined;
  refuse(holds && !isConfirmed && !isKept, `Goods are ${reservation?.state}, the order is ${order?.status}`);
  const payment = shop.payments.get(state.payment);
  refuse(/ing$/.test(payment?.state ?? ''), `A call was begun and never ends: the payment is ${payment?.state}`);
  refuse(sumOf(payment, 'pending') > 0, `A refund was begun and never ends: ${JSON.stringify(payment?.refunds)}`);
  if (shop.scenario.restore?.table === 'payment') return;
  const due = sumOf(payment, 'due');
  refuse(refundedOf(book) + due > book.captured, `${refundedOf(book)} refunded, ${due} due: more than was captured`);
  const done = sumOf(payment, 'done');
  refuse(done !== refundedOf(book), `${done} is noted as refunded, and ${refundedOf(book)} was`);
}

const sumOf = (payment: Payment | undefined, state: Refund['state']): number =>
  (payment?.refunds ?? []).filter((refund) => refund.state === state).reduce((sum, { amount }) => sum + amount, 0);

function checkConfirmed(shop: Shop, state: State, order: Order, book: GatewayBook): void {
  const { without = [] } = shop.scenario;
  const total = order.total?.amount;
  const isPaid = book.captured === total || order.contradiction === 'not-captured-after-shipping';
  refuse(!without.includes('payment') && !isPaid, `Confirmed for ${total}, captured ${book.captured}`);
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

function checkCancelled(shop: Shop, state: State, { contradiction }: Order, book: GatewayBook): void {
  const payment = shop.payments.get(state.payment);
  const due = sumOf(payment, 'due');
  const owed = book.captured - refundedOf(book) - due;
  const isKept = contradiction !== undefined && payment?.dispatched;
  // A table that was put back may have a person asked for what was sent.
  const isWrong = shop.scenario.restore?.table === 'payment' ? owed > 0 : owed !== 0;
  refuse(isWrong && !isKept, `Cancelled: captured ${book.captured}, refunded ${refundedOf(book)}, due ${due}`);
  const stock = shop.stocks.get(state.stock);
  if (shop.scenario.restore?.table === 'stock' || stock.reservation?.dispatched) return;
  for (const [sku, { reserved, sold }] of Object.entries(stock.shelves)) {
    refuse(reserved !== OF_OTHERS, `${reserved - OF_OTHERS} of ${sku} are held for nobody`);
    const stillSold = sold - OF_OTHERS - returnedOf(stock, sku);
    refuse(stillSold !== 0, `${stillSold} of ${sku} are sold to nobody`);
  }
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
  const last = texts.findLast(({ template }) => !FOLLOW_UPS.has(template));
  refuse(isTold && last?.template !== decision, `The last text is ${last?.template}: ${decision}`);
  if (status !== 'CONFIRMED' || items === undefined) return;
  for (const { phone } of texts)
    refuse(!sameGoods(itemsOf(shop, phone), items), 'The text of a confirmation goes to whom placed other goods');
}

const isPlaced = (event: CloudEvent): event is OrderPlaced => event.type === orderPlaced.type;

/** Returns the goods that were placed with a phone number. */
const itemsOf = ({ scenario }: Shop, phone: string) =>
  goodsOf(scenario.now.filter(isPlaced).find(({ data }) => data.customer?.phone === phone)?.data.items ?? []);
