import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { documentClient } from '../runtime/records.ts';
import { setting } from '../runtime/settings.ts';
import { archivedMessage } from './item.ts';

const table = setting('TABLE_NAME');
const days = Number(setting('ARCHIVE_DAYS'));
const client = documentClient();

/** Keeps every message of its batch as it came; what the table does not take is tried again. */
export async function handler({ Records }: SQSEvent): Promise<SQSBatchResponse> {
  const messages = new Map(
    Records.map(({ messageId, body, attributes }) => {
      const sentAt = new Date(Number(attributes.SentTimestamp));
      return [messageId, archivedMessage({ messageId, body, sentAt }, days)];
    }),
  );
  const puts = [...messages.values()].map((Item) => ({ PutRequest: { Item } }));
  const { UnprocessedItems } = await client.send(new BatchWriteCommand({ RequestItems: { [table]: puts } }));
  const refused = new Set(UnprocessedItems?.[table]?.map(({ PutRequest }) => PutRequest?.Item?.at));
  return {
    batchItemFailures: [...messages].flatMap(([itemIdentifier, { at }]) =>
      refused.has(at) ? [{ itemIdentifier }] : [],
    ),
  };
}
