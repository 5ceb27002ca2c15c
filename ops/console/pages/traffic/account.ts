import type { DrillSummary, LoadSummary } from '../../api/traffic.ts';

/** What is counted. */
export type Counted =
  | 'published'
  | 'accepted'
  | 'confirmed'
  | 'cancelled'
  | 'undecided'
  | 'refused'
  | 'cancelledLater'
  | 'refundedInPart'
  | 'done'
  | 'notDone'
  | 'authorized'
  | 'captured'
  | 'voided'
  | 'held'
  | 'refunded'
  | 'sold'
  | 'reserved'
  | 'available'
  | 'texts'
  | 'waiting'
  | 'deadLetters';

/** A count and what it is made of; without parts it stands alone. `agrees`: the parts add up to it, and none is left that should not be. */
export type Sum = { what: Counted; count: number; parts: readonly { what: Counted; count: number }[]; agrees: boolean };

const sum = (what: Counted, count: number, parts: Partial<Record<Counted, number>> = {}, isRight = true): Sum => {
  const listed = (Object.entries(parts) as [Counted, number][]).map(([name, part]) => ({ what: name, count: part }));
  const total = listed.reduce((all, part) => all + part.count, 0);
  return { what, count, parts: listed, agrees: isRight && (listed.length === 0 || total === count) };
};

/** Accounts for each order of a load. A load that was stopped leaves orders undecided, which finish by themselves. */
export function loadSums(result: LoadSummary): Sum[] {
  const { published, confirmed, cancelled, undecided, errors, interrupted } = result;
  const refused = interrupted ? errors : errors - undecided;
  const { cancellationsAfterConfirmation: late, partialRefunds } = result;
  const followed = (what: Counted, { asked, done }: { asked: number; done: number }) =>
    sum(what, asked, { done, notDone: asked - done }, interrupted || done === asked);
  return [
    sum('published', published, { confirmed, cancelled, undecided }, interrupted || undecided === 0),
    ...(refused > 0 ? [sum('refused', refused, {}, false)] : []),
    ...(late.asked > 0 ? [followed('cancelledLater', late)] : []),
    ...(partialRefunds.asked > 0 ? [followed('refundedInPart', partialRefunds)] : []),
    sum('deadLetters', result.deadLetters, {}, result.deadLetters === 0),
  ];
}

/** Accounts for the orders, money and goods of a drill. */
export function drillSums(result: DrillSummary): Sum[] {
  const { accepted, confirmed, cancelled, authorized, captured, voided, sold, reserved, available } = result;
  const undecided = accepted - confirmed - cancelled;
  const held = authorized - captured - voided;
  return [
    sum('accepted', accepted, { confirmed, cancelled, undecided }, undecided === 0),
    sum('authorized', authorized, { captured, voided, held }, held === 0),
    sum('refunded', result.refunded),
    sum('sold', sold, { confirmed }),
    sum('reserved', reserved, {}, reserved === 0),
    sum('available', available),
    sum('texts', result.texts),
    sum('waiting', result.waiting, {}, result.waiting === 0),
    sum('deadLetters', result.deadLettered, {}, result.deadLettered === 0),
  ];
}

/** A piece of a sentence; `orderId` where it names an order. */
export type Piece = { text: string; orderId?: string };

// As loads and drills name their orders.
const ORDER_ID = /\b(?:load|drill)-[0-9a-z]{8}-\d+\b/g;

/** Splits a sentence at the orders of a load or drill that it names, so that each can be linked. */
export function splitAtOrders(sentence: string): Piece[] {
  const pieces: Piece[] = [];
  let position = 0;
  for (const { 0: orderId, index } of sentence.matchAll(ORDER_ID)) {
    if (index > position) pieces.push({ text: sentence.slice(position, index) });
    pieces.push({ text: orderId, orderId });
    position = index + orderId.length;
  }
  if (position < sentence.length) pieces.push({ text: sentence.slice(position) });
  return pieces;
}
