import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { Money } from '../../contracts/money.ts';
import { UnavailableError } from '../runtime/failure.ts';
import { documentClient } from '../runtime/records.ts';
import type { PaymentGateway } from './gateway.ts';

/** The key of the item that says whether the sandbox is up. */
export const SANDBOX_STATE = { orderId: '#gateway', entry: 'state' };

/** The item that says whether the sandbox is up, and how often it has forgotten its idempotency keys. */
export type SandboxState = { down?: boolean; keyGeneration?: number };

/**
 * Takes a table's name and gives a gateway that behaves like a provider's test mode: `tok_declined` declines, `tok_error`
 * fails like a broken gateway, any other token captures. It keeps one entry per charge it made; the same idempotency key
 * never charges twice, a new key does, so a double charge would show.
 */
export function sandboxGateway(table: string, client = documentClient(), now = () => new Date()): PaymentGateway {
  const state = async (): Promise<SandboxState> => {
    const { Item } = await client.send(new GetCommand({ TableName: table, Key: SANDBOX_STATE, ConsistentRead: true }));
    if (Item?.down === true) throw new UnavailableError('The payment gateway is down');
    return Item ?? {};
  };

  const enter = async (
    kind: 'capture' | 'refund',
    orderId: string,
    money: Money,
    { keyGeneration = 0 }: SandboxState,
  ) => {
    const entry = `${kind}#${keyGeneration}`;
    const Item = { orderId, entry, kind, ...money, time: now().toISOString() };
    const ConditionExpression = 'attribute_not_exists(orderId)';
    try {
      await client.send(new PutCommand({ TableName: table, Item, ConditionExpression }));
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  };

  return {
    async capture({ orderId, token, money }) {
      const current = await state();
      if (token === 'tok_error') throw new UnavailableError('The payment gateway answered 500');
      if (token === 'tok_declined') return { kind: 'declined', reason: 'card_declined' };
      await enter('capture', orderId, money, current);
      return { kind: 'captured' };
    },

    async find(orderId) {
      await state();
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'orderId = :orderId',
          ExpressionAttributeValues: { ':orderId': orderId },
          ConsistentRead: true,
        }),
      );
      const has = (wanted: string) => Items.some(({ kind }) => kind === wanted);
      return { captured: has('capture'), refunded: has('refund') };
    },

    async refund(orderId, money) {
      await enter('refund', orderId, money, await state());
    },
  };
}
