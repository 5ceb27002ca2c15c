import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { chunk } from '../runtime/chunk.ts';
import { requireEnv } from '../runtime/environment.ts';
import { documentClient } from '../runtime/records.ts';
import { type ArchivePart, hourOf, partsOf } from './item.ts';

const table = requireEnv('TABLE_NAME');
const days = Number(requireEnv('ARCHIVE_DAYS'));
const client = documentClient();
const PUTS_PER_CALL = 25;

/** Keeps the messages of its batch, packed together by the hour they came in; those the table does not take whole are tried again. */
export async function handler({ Records }: SQSEvent): Promise<SQSBatchResponse> {
  const messages = Records.map(({ messageId, body, attributes }) => ({
    messageId,
    time: new Date(Number(attributes.SentTimestamp)).toISOString(),
    body,
  }));
  const packs = [...Map.groupBy(messages, ({ time }) => hourOf(time)).values()].map((together) => ({
    together,
    parts: partsOf(together, days),
  }));
  const refused = await put(packs.flatMap(({ parts }) => parts));
  return {
    batchItemFailures: packs
      .filter(({ parts }) => parts.some(({ at }) => refused.has(at)))
      .flatMap(({ together }) => together.map(({ messageId }) => ({ itemIdentifier: messageId }))),
  };
}

/** Writes parts and gives the sort keys of those that the table did not take. */
async function put(parts: readonly ArchivePart[]): Promise<Set<string>> {
  const refused = new Set<string>();
  for (const group of chunk(parts, PUTS_PER_CALL)) {
    const puts = group.map((Item) => ({ PutRequest: { Item } }));
    const { UnprocessedItems } = await client.send(new BatchWriteCommand({ RequestItems: { [table]: puts } }));
    for (const { PutRequest } of UnprocessedItems?.[table] ?? []) refused.add(PutRequest?.Item?.at);
  }
  return refused;
}
