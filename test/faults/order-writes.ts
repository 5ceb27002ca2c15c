import type { ApiCall, ApiResponse, Json } from '../harness/protocol.ts';

/** What a call wrote into an order's record, as far as the invariants look at it on the way. */
export type OrderWrite = { orderId: string; status?: string | undefined; dispatched?: boolean | undefined };

/** Extracts the order statuses, and the notes that goods of an order left, which a successful call wrote. */
export function orderWrites(table: string, call: ApiCall, answer: ApiResponse): OrderWrite[] {
  if (answer.status !== 200) return [];
  if (call.operation === 'PutItem' && call.body.TableName === table) {
    const { orderId, status, dispatched } = call.body.Item;
    return [{ orderId: orderId.S, status: status?.S, dispatched: dispatched?.BOOL }];
  }
  if (call.operation !== 'BatchExecuteStatement') return [];
  const { Responses = [] } = JSON.parse(answer.body) as { Responses?: Json[] };
  return (call.body.Statements as Json[]).flatMap(({ Statement, Parameters }, index) => {
    if (Responses[index]?.Error !== undefined || !String(Statement).includes(`"${table}"`)) return [];
    const fields = [...String(Statement).matchAll(/(?:SET "(\w+)" = \?|'(\w+)': \?)/g)].map(
      ([, set, inserted]) => set ?? inserted,
    );
    const isInsert = String(Statement).startsWith('INSERT');
    const orderId: unknown = Parameters[isInsert ? fields.indexOf('orderId') : fields.length]?.S;
    const status: unknown = Parameters[fields.indexOf('status')]?.S;
    const dispatched: unknown = Parameters[fields.indexOf('dispatched')]?.BOOL;
    if (typeof orderId !== 'string') return [];
    return [
      {
        orderId,
        status: typeof status === 'string' ? status : undefined,
        dispatched: dispatched === true || undefined,
      },
    ];
  });
}
