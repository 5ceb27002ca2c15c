import type { MessageAttributeValue } from '@aws-sdk/client-sqs';
import { causeOf } from './cause.ts';

/** A message's attributes, as SQS holds them. */
export type Attributes = Readonly<Record<string, MessageAttributeValue>>;

/** A dead letter as it lies in its queue: what it says, whose it is, and why it is there. */
export type Letter = {
  /** Its own id in the dead-letter queue; a letter that is put back and fails again is another one. */
  id: string;
  consumer: string;
  body: string;
  attributes: Attributes;
  /** What SQS itself notes: `SentTimestamp`, `MessageGroupId`, `AWSTraceHeader` and the like. */
  system: Readonly<Record<string, string>>;
  /** Gives it back or takes it out; good until it is received anew. */
  receipt: string;
  errorType: string;
  reason: string;
  /** When it failed; where nobody noted that, when it was sent. RFC 3339. */
  failedAt: string;
  attempts: number | undefined;
};

/** What was received, before anybody has asked why it is there. */
export type Received = Pick<Letter, 'id' | 'consumer' | 'body' | 'attributes' | 'system' | 'receipt'>;

/** Takes what was received from a dead-letter queue and gives the letter, with its cause in plain words. */
export const letterOf = (received: Received): Letter => ({ ...received, ...causeOf(received) });

/** The group that a letter keeps its place in; `undefined` in queues that keep no sequence. */
export const groupOf = ({ system }: Pick<Letter, 'system'>): string | undefined => system.MessageGroupId;

/** When a letter came into its queue, in milliseconds. */
export const sentAt = ({ system }: Pick<Letter, 'system'>): number => Number(system.SentTimestamp ?? 0);

/** Gives the order that a letter is about, where its body still says so. */
export function orderIdOf({ body }: Pick<Letter, 'body'>): string | undefined {
  const message = property(parsed(body), 'detail') ?? parsed(body);
  const orderId = property(property(message, 'data'), 'orderId');
  return typeof orderId === 'string' ? orderId : undefined;
}

/** Parses JSON; `undefined` where a text is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Gives one property of what may be an object. */
export function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined;
}
