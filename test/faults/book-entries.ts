import type { ApiCall, ApiResponse, Json } from '../harness/protocol.ts';
import type { BookEntry } from '../harness/shop-state.ts';

/** Extracts the entries that a successful call wrote into the sandbox gateway's book. */
export function entriesWritten(table: string, { operation, body }: ApiCall, answer: ApiResponse): BookEntry[] {
  if (answer.status !== 200) return [];
  const puts: Json[] =
    operation === 'PutItem'
      ? [body]
      : operation === 'TransactWriteItems'
        ? (body.TransactItems as Json[]).flatMap(({ Put }) => (Put === undefined ? [] : [Put]))
        : [];
  return puts.flatMap(({ TableName, Item }) =>
    TableName === table && Item.kind !== undefined
      ? [{ orderId: Item.orderId.S, kind: Item.kind.S, amount: Number(Item.amount.N), refundId: Item.refundId?.S }]
      : [],
  );
}
