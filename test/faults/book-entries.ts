import type { ApiCall, ApiResponse, Json } from '../harness/protocol.ts';
import type { BookEntry } from '../harness/shop-state.ts';

/** An entry with its key: a transaction that is sent again, because it was not answered, says that it wrote the same one. */
export type WrittenEntry = BookEntry & { entry: string };

/** Extracts the entries that a successful call wrote into the sandbox gateway's book. */
export function entriesWritten(table: string, { operation, body }: ApiCall, answer: ApiResponse): WrittenEntry[] {
  if (answer.status !== 200) return [];
  const puts: Json[] =
    operation === 'PutItem'
      ? [body]
      : operation === 'TransactWriteItems'
        ? (body.TransactItems as Json[]).flatMap(({ Put }) => (Put === undefined ? [] : [Put]))
        : [];
  return puts.flatMap(({ TableName, Item }) =>
    TableName === table && Item.kind !== undefined
      ? [
          {
            orderId: Item.orderId.S,
            entry: Item.entry.S,
            kind: Item.kind.S,
            amount: Number(Item.amount.N),
            refundId: Item.refundId?.S,
          },
        ]
      : [],
  );
}
