import { hash } from 'node:crypto';
import * as v from 'valibot';
import { boundedText, buildEvent } from '../../contracts/cloud-event.ts';
import { orderId, orderRefused } from '../../contracts/order.ts';
import { ContractError, type Problem, readMessage } from '../../contracts/parse.ts';
import { readTraceparent } from '../../contracts/traceparent.ts';
import type { RefusalOf } from '../runtime/consume.ts';
import { ConflictError, containsPhoneNumber, describeError } from '../runtime/failure.ts';

/**
 * Builds the event that tells a publisher that its message cannot be taken: it breaks its contract, or contradicts the order on record.
 * Returns `undefined` for any other failure, which is not the publisher's. The id follows from the body alone, so that a message that is
 * redriven and refused again is told under the same id, and two messages of one `source` and `id` are told apart.
 */
export const refusalOf: RefusalOf = ({ body, messageId, attributes }, reason) => {
  const problems = problemsOf(reason);
  if (problems === undefined) return undefined;
  const message = tryRead(body);
  const identity = readIdentity(message);
  const { traceparent, tracestate } = v.parse(traceContext, message);
  const readable = readTraceparent(traceparent);
  return buildEvent(orderRefused, {
    id: `${hash('sha256', body).slice(0, 32)}.refused`,
    time: new Date(Number(attributes.SentTimestamp)).toISOString(),
    subject: identity.orderId ?? messageId,
    trace: { traceparent: readable, tracestate },
    data: { ...identity, problems: problems.map(({ path, problem }) => ({ path: cut(path), problem: cut(problem) })) },
  });
};

function problemsOf(reason: unknown): readonly Problem[] | undefined {
  if (reason instanceof ContractError) return reason.problems;
  return reason instanceof ConflictError
    ? [{ path: reason.path, problem: describeError(reason).errorMessage }]
    : undefined;
}

const cut = (text: string) => Array.from(text).slice(0, 512).join('');

/** Texts that identify a message. What looks like a phone number is left out: a message that breaks its contract may have put one anywhere. */
const identifier = <Schema extends v.GenericSchema<unknown, string>>(schema: Schema) =>
  v.fallback(
    v.optional(
      v.pipe(
        schema,
        v.check((text) => !containsPhoneNumber(text)),
      ),
    ),
    undefined,
  );

const identity = v.object({
  source: identifier(boundedText(256)),
  id: identifier(boundedText(256)),
  data: v.fallback(v.object({ orderId: identifier(orderId) }), { orderId: undefined }),
});

const traceText = v.fallback(v.optional(boundedText(512)), undefined);
const traceContext = v.fallback(v.object({ traceparent: traceText, tracestate: traceText }), {
  traceparent: undefined,
  tracestate: undefined,
});

/** Reads what identifies a message to its publisher, as far as it is there. */
function readIdentity(message: unknown): { orderId?: string; source?: string; id?: string } {
  const { success, output } = v.safeParse(identity, message);
  if (!success) return {};
  const { source, id, data } = output;
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
