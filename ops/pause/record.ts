import { ListQueueTagsCommand, type SQSClient, TagQueueCommand, UntagQueueCommand } from '@aws-sdk/client-sqs';
import { stripControlChars } from '../dlq/format.ts';
import { fromTagValue, toTagValue } from './tag-text.ts';

/** Who paused a consumer, since when (ISO 8601) its messages wait, and why. */
export type Pause = { by: string; since: string; reason: string };

/**
 * The tags of the consumer's queue that keep a pause. The queue holds what waits, its logical id is pinned, and no deployment touches a tag
 * that the template never had; the event source mapping is replaced more easily.
 */
const TAGS = { by: 'shop:paused-by', since: 'shop:paused-since', reason: 'shop:paused-reason' } as const;

/** Throws a sentence for a reason that is missing, not one line of text, or too long to be kept. */
export function checkReason(reason: string | undefined): string {
  if (reason === undefined || reason.trim() === '')
    throw new Error('Say why with --reason "…": whoever finds the consumer paused needs to know.');
  if (/\p{Cc}/u.test(reason) || !reason.isWellFormed()) throw new Error('--reason must be one line of plain text.');
  toTagValue(reason, '--reason');
  return reason;
}

/** Reads the record of a pause; `undefined` where there is none, or only a part of one. */
export async function readPause(client: SQSClient, QueueUrl: string): Promise<Pause | undefined> {
  const { Tags = {} } = await client.send(new ListQueueTagsCommand({ QueueUrl }));
  const [by, since, reason] = [Tags[TAGS.by], Tags[TAGS.since], Tags[TAGS.reason]];
  if (by === undefined || since === undefined || reason === undefined) return undefined;
  return { by: fromTagValue(by), since: fromTagValue(since), reason: fromTagValue(reason) };
}

/** Records a pause, in place of an earlier one. Throws a sentence for what does not fit. */
export async function writePause(client: SQSClient, QueueUrl: string, { by, since, reason }: Pause): Promise<void> {
  const Tags = {
    [TAGS.by]: toTagValue(by, 'The name of whoever pauses it'),
    [TAGS.since]: toTagValue(since, 'The time'),
    [TAGS.reason]: toTagValue(reason, '--reason'),
  };
  await client.send(new TagQueueCommand({ QueueUrl, Tags }));
}

/** Removes the record of a pause, if there is one. */
export async function removePause(client: SQSClient, QueueUrl: string): Promise<void> {
  await client.send(new UntagQueueCommand({ QueueUrl, TagKeys: Object.values(TAGS) }));
}

/** `paused by arn:… since 2026-11-27T03:00:00Z: "charged twice"` */
export const describePause = ({ by, since, reason }: Pause): string =>
  stripControlChars(`paused by ${by} since ${formatMoment(since)}: "${reason}"`);

/** Formats a moment of ISO 8601 without its milliseconds. */
export const formatMoment = (moment: string): string => moment.replace(/\.\d+Z$/, 'Z');

export const isSamePause = (one: Pause | undefined, other: Pause): boolean =>
  one?.by === other.by && one.since === other.since && one.reason === other.reason;
