import { ulid } from 'ulid';
import { orderPlaced } from '../../contracts/order.ts';
import { ContractError, formatProblem, parseEvent, type UnwrappedBody, unwrapBody } from '../../contracts/parse.ts';
import { isKnownId } from '../arguments.ts';
import { orderIdOf } from '../dlq/dead-letter.ts';
import type { DeployedShop } from '../stack.ts';
import { generateOrder, type OrderOptions, orderPlacedEvent } from './generate.ts';
import { type FailedEntry, publishOrders } from './publish.ts';

/** A message to publish; without an order id where none can be read from it, and with the number that the customer knows, if there is one. */
export type OrderMessage = { body: string; orderId?: string; orderNumber?: string };

export type PlaceOptions = {
  /** The message to publish; without it, orders are generated from `order`. */
  given?: OrderMessage | undefined;
  order?: OrderOptions;
  /** How many orders to generate, or how often to publish the one that was given. */
  count: number;
  /** Publishes generated orders even if their options break the contract. */
  unchecked?: boolean;
  /** Ends the publishing after the calls under way. */
  signal?: AbortSignal | undefined;
};

export type PlaceResult = {
  published: number;
  orderIds: string[];
  /** What the customer knows the given order by, where that is not its id. */
  orderNumber?: string;
  failed: (Omit<FailedEntry, 'index'> & { orderId: string | undefined })[];
  /** Why not all were sent. What a call under way had, which failed without an answer, may have been published all the same. */
  endedBy?: unknown;
};

/** Makes an order up and checks it. Throws where its options break the contract, unless it is `unchecked`. */
export const generateMessage = (order: OrderOptions, unchecked: boolean): OrderMessage =>
  parseOrderMessage(JSON.stringify(orderPlacedEvent(generateOrder(order))), unchecked);

/** Publishes orders on the orders topic. What ends it early, an error or the signal, is part of the result. */
export async function placeOrders(
  shop: DeployedShop,
  { given, order = {}, count, unchecked = false, signal }: PlaceOptions,
): Promise<PlaceResult> {
  const messages = Array.from({ length: count }, () => given ?? generateMessage(order, unchecked));
  const accepted: number[] = [];
  let rejected: FailedEntry[] = [];
  let endedBy: unknown;
  try {
    const onAccepted = (indexes: readonly number[]) => void accepted.push(...indexes);
    const bodies = messages.map(({ body }) => body);
    rejected = await publishOrders(shop, bodies, { signal, onAccepted });
  } catch (error) {
    endedBy = error;
  }
  const ids = accepted.sort((one, other) => one - other).flatMap((index) => messages[index]?.orderId ?? []);
  return {
    published: accepted.length,
    orderIds: [...new Set(ids)],
    ...(given?.orderNumber === undefined ? {} : { orderNumber: given.orderNumber }),
    failed: rejected.map(({ index, code, message }) => ({ orderId: messages[index]?.orderId, code, message })),
    ...(endedBy === undefined ? {} : { endedBy }),
  };
}

/**
 * Parses a CloudEvent, which is published without what it is wrapped in, or a bare order, which is made one. Throws all problems, each
 * with its path. With `unchecked` an event is published as it is, right or wrong.
 */
export function parseOrderMessage(
  input: string,
  unchecked: boolean,
  now = new Date(),
  newId: () => string = ulid,
): OrderMessage {
  const body = wrapBareOrder(input, now, newId) ?? input;
  try {
    const { orderId, orderNumber } = parseEvent(body, [orderPlaced]).data;
    const sent = unchecked ? body : unwrapBody(body).text;
    return { body: sent, orderId, ...(orderNumber === undefined ? {} : { orderNumber }) };
  } catch (error) {
    if (!(error instanceof ContractError)) throw error;
    if (unchecked) return { body, ...idIn(body) };
    const problems = error.problems.map((problem) => `  ${formatProblem(problem)}`).join('\n');
    throw new Error(
      `This is not a valid order, so it was not published (--unchecked publishes it anyway):\n${problems}`,
    );
  }
}

/** Reads the id by which `ops trace` finds a message that breaks its contract. */
function idIn(body: string): { orderId?: string } {
  const orderId = orderIdOf({ body });
  return orderId !== undefined && isKnownId(orderId) ? { orderId } : {};
}

/** Makes a bare order an event; returns `undefined` for an event, also in an envelope, and for anything that is not a JSON object. */
export function wrapBareOrder(input: string, now = new Date(), newId: () => string = ulid): string | undefined {
  const bare = bareObject(input);
  if (bare === undefined) return undefined;
  // Not by `orderPlacedEvent`: the order is not validated yet.
  const subject = typeof bare.message.orderId === 'string' ? { subject: bare.message.orderId } : {};
  const envelope = { specversion: '1.0', id: newId(), source: '/shop/checkout', type: orderPlaced.type };
  // The text itself: what it says is neither changed nor serialized anew, however deeply it is nested.
  return `${JSON.stringify({ ...envelope, time: now.toISOString(), ...subject }).slice(0, -1)},"data":${bare.text}}`;
}

const EVENT_MEMBERS = ['specversion', 'type', 'data', 'data_base64'];

function bareObject(input: string): UnwrappedBody | undefined {
  try {
    const body = unwrapBody(input);
    const { message, wrappings } = body;
    const isEvent = EVENT_MEMBERS.some((name) => name in message) || wrappings.some((one) => one !== 'byte-order mark');
    return isEvent ? undefined : body;
  } catch {
    return undefined;
  }
}
