import { createHash } from 'node:crypto';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import { documentClient } from '../runtime/records.ts';
import type { SendText } from './rules.ts';

/** Takes a text that is about to be sent and says whether its number may have it today; asked again about the same text it says the same. */
export type WithinDailyLimit = (text: Pick<SendText, 'orderId' | 'template' | 'phone'>) => Promise<boolean>;

/**
 * Takes the table of the texts and how many one number gets a day (UTC) and gives what counts them: an item per number, under its hash,
 * with the names of the day's texts. A day's first text costs one write, each later one two.
 */
export function dailyLimit(
  TableName: string,
  perDay: number,
  {
    client = documentClient(),
    now = () => new Date(),
  }: { client?: Pick<ReturnType<typeof documentClient>, 'send'>; now?: () => Date } = {},
): WithinDailyLimit {
  return async ({ orderId, template, phone }) => {
    if (perDay === 0) return true;
    // No order's id begins with `#`.
    const Key = { orderId: `#number/${createHash('sha256').update(phone).digest('hex')}` };
    const today = now().toISOString().slice(0, 10);
    const text = `${orderId}.${template}`;
    const update = async (input: Partial<UpdateCommandInput>) => {
      try {
        await client.send(new UpdateCommand({ TableName, Key, ...input }));
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    };
    const first = await update({
      UpdateExpression: 'SET today = :today, texts = :text',
      // A clock that runs behind does not begin yesterday anew.
      ConditionExpression: 'attribute_not_exists(today) OR today < :today',
      ExpressionAttributeValues: { ':today': today, ':text': new Set([text]) },
    });
    return (
      first ||
      update({
        UpdateExpression: 'ADD texts :text',
        ConditionExpression: 'size(texts) < :most OR contains(texts, :name)',
        ExpressionAttributeValues: { ':text': new Set([text]), ':most': perDay, ':name': text },
      })
    );
  };
}
