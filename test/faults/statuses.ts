import type { ApiCall, ApiResponse, Json } from '../harness/protocol.ts';

/** Extracts the order statuses that a successful call wrote. */
export function statusesWritten(
  table: string,
  call: ApiCall,
  answer: ApiResponse,
): { orderId: string; status: string }[] {
  if (answer.status !== 200) return [];
  if (call.operation === 'PutItem' && call.body.TableName === table) {
    const { orderId, status } = call.body.Item;
    return status === undefined ? [] : [{ orderId: orderId.S, status: status.S }];
  }
  if (call.operation !== 'BatchExecuteStatement') return [];
  const { Responses = [] } = JSON.parse(answer.body) as { Responses?: Json[] };
  return (call.body.Statements as Json[]).flatMap(({ Statement, Parameters }, index) => {
    if (Responses[index]?.Error !== undefined || !String(Statement).includes(`"${table}"`)) return [];
    const fields = [...String(Statement).matchAll(/(?:SET "(\w+)" = \?|'(\w+)': \?)/g)].map(
      ([, set, inserted]) => set ?? inserted,
    );
    const position = fields.indexOf('status');
    const isInsert = String(Statement).startsWith('INSERT');
    const orderId: unknown = Parameters[isInsert ? fields.indexOf('orderId') : fields.length]?.S;
    const status: unknown = Parameters[position]?.S;
    return typeof status === 'string' && typeof orderId === 'string' ? [{ orderId, status }] : [];
  });
}
