import { hash } from 'node:crypto';
import * as v from 'valibot';
import { boundedText, buildEvent } from '../../contracts/cloud-event.ts';
import { orderId, orderRefused } from '../../contracts/order.ts';
import { ContractError, type Problem, readMessage } from '../../contracts/parse.ts';
import type { RefusalOf } from '../runtime/consume.ts';
import { ConflictError } from '../runtime/failure.ts';

/**
 * Builds the event that tells a publisher that its message cannot be taken: it breaks its contract, or contradicts the order on record.
 * Returns `undefined` for any other failure, which is not the publisher's. The id follows from the message's own, so that
 * a message that is refused again is told under the same id.
 */
export const refusalOf: RefusalOf = ({ body, messageId, attributes }, reason) => {
  const problems = problemsOf(reason);
  if (problems === undefined) return undefined;
  const message = readIdentity(body);
  const { source, id } = message;
  const identity = source === undefined || id === undefined ? messageId : `${source}\n${id}`;
  return buildEvent(orderRefused, {
    id: `${hash('sha256', identity).slice(0, 32)}.refused`,
    time: new Date(Number(attributes.SentTimestamp)).toISOString(),
    subject: message.orderId ?? messageId,
    data: { ...message, problems: problems.map(({ path, problem }) => ({ path: cut(path), problem: cut(problem) })) },
  });
};

function problemsOf(reason: unknown): readonly Problem[] | undefined {
  if (reason instanceof ContractError) return reason.problems;
  return reason instanceof ConflictError ? [{ path: reason.path, problem: reason.message }] : undefined;
}

const cut = (text: string) => Array.from(text).slice(0, 512).join('');

const text = v.optional(v.fallback(v.optional(boundedText(256)), undefined));
const identity = v.object({
  source: text,
  id: text,
  data: v.fallback(v.object({ orderId: v.fallback(v.optional(orderId), undefined) }), { orderId: undefined }),
});

/** Reads what identifies a message to its publisher, as far as it is there. */
function readIdentity(body: string): { orderId?: string; source?: string; id?: string } {
  const { source, id, data } = v.parse(
    v.fallback(identity, { source: undefined, id: undefined, data: { orderId: undefined } }),
    tryRead(body),
  );
  return {
    ...(data.orderId === undefined ? {} : { orderId: data.orderId }),
    ...(source === undefined ? {} : { source }),
    ...(id === undefined ? {} : { id }),
  };
}

function tryRead(body: string): unknown {
  try {
    return readMessage(body);
  } catch {
    return undefined;
  }
}
