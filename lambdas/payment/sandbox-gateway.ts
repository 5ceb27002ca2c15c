import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { Money } from '../../contracts/money.ts';
import { UnavailableError } from '../runtime/failure.ts';
import { documentClient } from '../runtime/records.ts';
import type { PaymentGateway } from './gateway.ts';

/** The key of the item that holds the sandbox's state. No order's id has a space. */
export const SANDBOX_STATE_KEY = { orderId: 'sandbox state', entry: 'state' };

/**
 * The sandbox's state, set by operators and tests. `down`: every call fails. `keyGeneration`: a new number makes the sandbox
 * forget its idempotency keys.
 */
export type SandboxState = { down?: boolean; keyGeneration?: number };

/**
 * Builds a gateway that behaves like a provider's test mode: `tok_declined` is declined, `tok_error` fails with
 * `UnavailableError`, any other token and any authorization is captured. The table has one entry per charge. The same idempotency key never charges
 * twice but a new key does, so that a double charge becomes visible.
 */
export function sandboxGateway(table: string, client = documentClient(), now = () => new Date()): PaymentGateway {
  const readState = async (): Promise<SandboxState> => {
    const { Item } = await client.send(
      new GetCommand({ TableName: table, Key: SANDBOX_STATE_KEY, ConsistentRead: true }),
    );
    if (Item?.down === true) throw new UnavailableError('The payment gateway is down');
    return Item ?? {};
  };

  const addEntry = async (
    kind: 'capture' | 'refund',
    orderId: string,
    money: Money,
    reference: string | undefined,
    { keyGeneration = 0 }: SandboxState,
  ) => {
    const entry = `${kind}#${keyGeneration}`;
    const Item = { orderId, entry, kind, ...money, reference, time: now().toISOString() };
    const ConditionExpression = 'attribute_not_exists(orderId)';
    try {
      await client.send(new PutCommand({ TableName: table, Item, ConditionExpression }));
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  };

  return {
    async capture({ orderId, money, ...charge }) {
      const state = await readState();
      if ('authorization' in charge) {
        await addEntry('capture', orderId, money, charge.authorization, state);
        return { kind: 'captured', reference: charge.authorization };
      }
      const { token } = charge;
      if (token === 'tok_error') throw new UnavailableError('The payment gateway answered 500');
      if (token === 'tok_declined') return { kind: 'declined', reason: 'card_declined' };
      await addEntry('capture', orderId, money, undefined, state);
      return { kind: 'captured' };
    },

    async find(orderId) {
      await readState();
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'orderId = :orderId',
          ExpressionAttributeValues: { ':orderId': orderId },
          ConsistentRead: true,
        }),
      );
      const hasEntry = (wanted: string) => Items.some(({ kind }) => kind === wanted);
      return { captured: hasEntry('capture'), refunded: hasEntry('refund') };
    },

    async refund(orderId, money, reference) {
      await addEntry('refund', orderId, money, reference, await readState());
    },
  };
}
