import type { SQSRecord } from 'aws-lambda';
import { catalog } from '../../contracts/catalog.ts';
import { ContractError, validateEvent } from '../../contracts/parse.ts';
import { DeadlineExceededError, PermanentError } from '../runtime/failure.ts';
import type { InvocationDeadline } from '../runtime/invocation-deadline.ts';
import type { Attempt } from '../runtime/outcome.ts';
import type { ConsumerQueue } from '../runtime/queue.ts';
import { type QueueFunction, queueFunction } from '../runtime/queue-function.ts';
import { defaultPolicy, type FailurePolicy } from '../runtime/retry-policy.ts';
import type { Deliver } from './endpoint.ts';
import { readEnvelope } from './envelope.ts';

/** The settings name no such endpoint. */
export class UnknownEndpointError extends PermanentError {
  override name = 'UnknownEndpointError';
}

const deadLetter = { action: 'dead-letter' } as const;

const policy: FailurePolicy = {
  ...defaultPolicy,
  AddressRefusedError: deadLetter,
  EndpointDisabledError: deadLetter,
  EndpointGoneError: deadLetter,
  UnknownEndpointError: deadLetter,
};

const contracts = catalog.filter(({ channel }) => channel === 'bus');

/**
 * Builds the function that posts events to endpoints. The messages of a batch are posted at the same time, each by itself: webhooks have no
 * sequence, so an order's next event waits for no other, and no endpoint for another.
 */
export function webhooksConsumer(queue: ConsumerQueue, endpoints: ReadonlyMap<string, Deliver>): QueueFunction {
  return queueFunction('webhooks', { queue, policy }, (messages, invokedAtMs, deadline) =>
    Promise.all(messages.map((record) => attemptOne(record, endpoints, invokedAtMs, deadline))),
  );
}

async function attemptOne(
  record: SQSRecord,
  endpoints: ReadonlyMap<string, Deliver>,
  invokedAtMs: number,
  deadline: InvocationDeadline,
): Promise<Attempt> {
  const startedAt = Date.now();
  const envelope = readEnvelope(record.body);
  const about = { record, published: [], startedAt, ...(envelope && { endpoint: envelope.endpoint }) };
  try {
    if (envelope === undefined)
      throw new ContractError([{ path: 'body', problem: 'must be an object of an endpoint and an event' }]);
    const { endpoint, event: message } = envelope;
    const deliver = endpoints.get(endpoint);
    if (deliver === undefined)
      throw new UnknownEndpointError(`\`webhooks.endpoints\` of the settings has no ${endpoint}`);
    const event = validateEvent({ text: record.body, message, wrappings: [] }, contracts);
    const attempt = Number(record.attributes.ApproximateReceiveCount);
    const { fence } = deadline;
    const result = await deadline.race(async () => {
      await deliver({ event, attempt, invokedAtMs, fence });
      return 'delivered';
    });
    if (result === undefined) throw new DeadlineExceededError('The invocation ran out of time');
    return { ...about, endedAt: Date.now() };
  } catch (reason) {
    return { ...about, error: { reason }, endedAt: Date.now() };
  }
}
