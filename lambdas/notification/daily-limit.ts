import { createHash } from 'node:crypto';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import { documentClient } from '../runtime/records.ts';
import type { OutgoingText } from './rules.ts';

/** Checks whether a number may receive a text today, and counts the text. Idempotent: the same text is counted once. */
export type CheckDailyLimit = (text: Pick<OutgoingText, 'orderId' | 'template' | 'phone'>) => Promise<boolean>;

/**
 * Limits how many texts a number receives per UTC day; 0 means no limit. Keeps one item per number in the notification table, under
 * the number's SHA-256, with the names of the day's texts. The first text of a day costs one write, each later one two.
 */
export function dailyLimit(
  TableName: string,
  perDay: number,
  {
    client = documentClient(),
    now = () => new Date(),
  }: { client?: Pick<ReturnType<typeof documentClient>, 'send'>; now?: () => Date } = {},
): CheckDailyLimit {
  return async ({ orderId, template, phone }) => {
    if (perDay === 0) return true;
    // An order id has no space, so this key cannot be one.
    const Key = { orderId: `number ${createHash('sha256').update(phone).digest('hex')}` };
    const today = now().toISOString().slice(0, 10);
    const textName = `${orderId}.${template}`;
    const update = async (input: Partial<UpdateCommandInput>) => {
      try {
        await client.send(new UpdateCommand({ TableName, Key, ...input }));
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    };
    const startedDay = await update({
      UpdateExpression: 'SET today = :today, texts = :text',
      // Never goes back a day: a lagging clock must not reset the count.
      ConditionExpression: 'attribute_not_exists(today) OR today < :today',
      ExpressionAttributeValues: { ':today': today, ':text': new Set([textName]) },
    });
    return (
      startedDay ||
      update({
        UpdateExpression: 'ADD texts :text',
        ConditionExpression: 'size(texts) < :most OR contains(texts, :name)',
        ExpressionAttributeValues: { ':text': new Set([textName]), ':most': perDay, ':name': textName },
      })
    );
  };
}
