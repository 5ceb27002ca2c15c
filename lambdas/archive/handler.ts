import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { chunk } from '../runtime/chunk.ts';
import { requireEnv } from '../runtime/environment.ts';
import { documentClient } from '../runtime/records.ts';
import { type ArchivePart, toArchiveParts, utcHourOf } from './item.ts';

const table = requireEnv('TABLE_NAME');
const retentionDays = Number(requireEnv('ARCHIVE_DAYS'));
const client = documentClient();
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
const MAX_PUTS_PER_CALL = 25;

/**
 * Archives a batch of messages, compressed together by the hour they arrived in. All messages of an hour fail if one of its parts was
 * not written.
 */
export async function handler({ Records }: SQSEvent): Promise<SQSBatchResponse> {
  const messages = Records.map(({ messageId, body, attributes }) => ({
    messageId,
    time: new Date(Number(attributes.SentTimestamp)).toISOString(),
    body,
  }));
  const groups = [...Map.groupBy(messages, ({ time }) => utcHourOf(time)).values()].map((group) => ({
    messageIds: group.map(({ messageId }) => messageId),
    parts: toArchiveParts(group, retentionDays),
  }));
  const unwritten = await putParts(groups.flatMap(({ parts }) => parts));
  return {
    batchItemFailures: groups
      .filter(({ parts }) => parts.some(({ at }) => unwritten.has(at)))
      .flatMap(({ messageIds }) => messageIds.map((itemIdentifier) => ({ itemIdentifier }))),
  };
}

/** Writes parts and returns the sort keys of those that DynamoDB left unprocessed. */
async function putParts(parts: readonly ArchivePart[]): Promise<Set<string>> {
  const unwritten = new Set<string>();
  for (const group of chunk(parts, MAX_PUTS_PER_CALL)) {
    const puts = group.map((Item) => ({ PutRequest: { Item } }));
    const { UnprocessedItems } = await client.send(new BatchWriteCommand({ RequestItems: { [table]: puts } }));
    for (const { PutRequest } of UnprocessedItems?.[table] ?? []) unwritten.add(PutRequest?.Item?.at);
  }
  return unwritten;
}
