import { SENDERS, senderOf } from './cause.ts';
import { groupOf, type Letter, parsed, property } from './letter.ts';
import type { Outgoing } from './queue.ts';

/** The attribute that keeps the body from before somebody edited it. */
export const ORIGINAL_BODY = 'originalBody';

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
const MOST_BYTES = 1_048_576;
const MOST_ATTRIBUTES = 10;

/**
 * Takes a dead letter and gives the message its consumer would have got: the body and the publisher's attributes as they
 * were, without what was noted of the failure.
 */
export function outgoing(letter: Letter): Outgoing {
  const sender = senderOf(letter);
  const noted: ReadonlySet<string> = new Set(sender in SENDERS ? SENDERS[sender as keyof typeof SENDERS] : []);
  return {
    id: letter.id,
    body: delivered(letter),
    attributes: Object.fromEntries(Object.entries(letter.attributes).filter(([name]) => !noted.has(name))),
    groupId: groupOf(letter),
    traceHeader: letter.system.AWSTraceHeader,
  };
}

/** Takes a message and an edited body and gives the message with it; throws a sentence where it no longer fits SQS. */
export function withBody(message: Outgoing, body: string): Outgoing {
  // A letter edited twice keeps the first body.
  const original = { DataType: 'String', StringValue: message.body };
  const attributes = { [ORIGINAL_BODY]: original, ...message.attributes };
  if (body === '') throw new Error('The edited body is empty, which SQS does not take: nothing was moved.');
  if (Object.keys(attributes).length > MOST_ATTRIBUTES) {
    throw new Error(`The letter has ${MOST_ATTRIBUTES} attributes already, so its original body cannot be kept.`);
  }
  const edited = { ...message, body, attributes };
  if (bytesOf(edited) > MOST_BYTES) {
    throw new Error('The edited body and the original do not fit into one message of 1 MiB: nothing was moved.');
  }
  return edited;
}

/** Gives how many bytes a message takes, attributes with their names and types included. */
export function bytesOf({ body, attributes }: Pick<Outgoing, 'body' | 'attributes'>): number {
  const parts = Object.entries(attributes).flatMap(([name, { DataType, StringValue, BinaryValue }]) => [
    name,
    DataType ?? '',
    StringValue ?? BinaryValue ?? '',
  ]);
  return [body, ...parts].reduce((sum, part) => sum + Buffer.byteLength(part), 0);
}

/** Cuts messages into calls that are not too large. */
export function calls(messages: readonly Outgoing[]): Outgoing[][] {
  const result: Outgoing[][] = [];
  let bytes = MOST_BYTES;
  for (const message of messages) {
    const size = bytesOf(message);
    if (bytes + size > MOST_BYTES) {
      result.push([]);
      bytes = 0;
    }
    result.at(-1)?.push(message);
    bytes += size;
  }
  return result;
}

/** EventBridge and SNS put the whole envelope into the dead-letter queue, where the consumer gets what is in it. */
function delivered(letter: Letter): string {
  const message = parsed(letter.body);
  const detail = property(message, 'detail');
  if (senderOf(letter) === 'eventBridge' && property(message, 'detail-type') !== undefined && detail !== undefined) {
    return JSON.stringify(detail);
  }
  const text = property(message, 'Message');
  if (senderOf(letter) === 'sns' && property(message, 'Type') === 'Notification' && typeof text === 'string')
    return text;
  return letter.body;
}
