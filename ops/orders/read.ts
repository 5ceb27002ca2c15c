import { ulid } from 'ulid';
import { orderPlaced } from '../../contracts/order.ts';
import { ContractError, parseEvent } from '../../contracts/parse.ts';

/** A message to publish, with the id of the order it is about where it has one. */
export type OrderMessage = { body: string; orderId?: string };

/**
 * Takes the text of a CloudEvent, which stays as it is, or of a bare order, which is wrapped in one, and gives the message.
 * Throws a sentence per problem, each named by path, unless `unchecked`.
 */
export function parseOrderMessage(
  input: string,
  unchecked: boolean,
  now = new Date(),
  newId: () => string = ulid,
): OrderMessage {
  const body = wrapped(input, now, newId) ?? input;
  try {
    return { body, orderId: parseEvent(body, [orderPlaced]).data.orderId };
  } catch (error) {
    if (!(error instanceof ContractError)) throw error;
    if (unchecked) return { body };
    const problems = error.problems.map((problem) => `  ${problem}`).join('\n');
    throw new Error(`This is no order, so it was not published (--unchecked publishes it all the same):\n${problems}`);
  }
}

/** The event for a bare order, or `undefined` for everything else: events, and what is no order at all. */
function wrapped(input: string, now: Date, newId: () => string): string | undefined {
  let data: unknown;
  try {
    data = JSON.parse(input);
  } catch {
    return undefined;
  }
  if (typeof data !== 'object' || data === null || 'specversion' in data || 'data' in data) return undefined;
  // Built by hand, not by `placed`: nothing is known yet of what is in it.
  const subject = 'orderId' in data && typeof data.orderId === 'string' ? { subject: data.orderId } : {};
  const envelope = { specversion: '1.0', id: newId(), source: '/shop/checkout', type: orderPlaced.type };
  return JSON.stringify({ ...envelope, time: now.toISOString(), ...subject, data });
}
