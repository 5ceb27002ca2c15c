import { createHmac } from 'node:crypto';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { documentClient } from '../runtime/records.ts';
import type { OutgoingText } from './rules.ts';

/** Checks whether a number may receive a text today, and counts the text. Idempotent: the same text is counted once. */
export type CheckDailyLimit = (text: Pick<OutgoingText, 'orderId' | 'template' | 'phone'>) => Promise<boolean>;

/** The most texts that a number receives per UTC day (0: no limit), and the key that numbers are hashed with. */
export type DailyLimit = { perDay: number; hashKey: string };

const SECONDS_PER_DAY = 86_400;

/**
 * Limits how many texts a number receives per UTC day. Keeps one item per number and day in the notification table, under a hash of both that only
 * who has the key can compute, with the names of the day's texts, until the next day is over. Each text costs one write.
 */
export function dailyLimit(
  TableName: string,
  { perDay, hashKey }: DailyLimit,
  {
    client = documentClient(),
    now = () => new Date(),
  }: { client?: Pick<ReturnType<typeof documentClient>, 'send'>; now?: () => Date } = {},
): CheckDailyLimit {
  return async ({ orderId, template, phone }) => {
    if (perDay === 0) return true;
    const day = Math.floor(now().getTime() / 1000 / SECONDS_PER_DAY);
    const name = `${orderId}.${template}`;
    const count = new UpdateCommand({
      TableName,
      // An order id has no space, so this key cannot be one.
      Key: { orderId: `number ${hashOf(phone, day, hashKey)}` },
      UpdateExpression: 'ADD texts :text SET expiresAt = :expiresAt',
      ConditionExpression: 'attribute_not_exists(texts) OR size(texts) < :most OR contains(texts, :name)',
      ExpressionAttributeValues: {
        ':text': new Set([name]),
        ':name': name,
        ':most': perDay,
        ':expiresAt': (day + 2) * SECONDS_PER_DAY,
      },
    });
    try {
      await client.send(count);
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  };
}

// An object, which no other text under this key is.
const hashOf = (phone: string, day: number, key: string): string =>
  createHmac('sha256', key).update(JSON.stringify({ phone, day })).digest('base64url');
