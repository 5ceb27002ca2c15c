import { FaultProxy } from '../../../test/harness/fault-proxy.ts';
import { type ApiCall, type ApiResponse, success } from '../../../test/harness/protocol.ts';

/** An AWS that accepts every call at once and keeps nothing. */
export type StubServer = { url: string; stop(): Promise<void> };

/** Starts a stub server on a port of its own. */
export async function startStubServer(): Promise<StubServer> {
  const proxy = new FaultProxy('http://127.0.0.1');
  const response = (call: ApiCall) => (call.service === 'sns' ? snsResponse(call) : success(call, bodyOf(call)));
  proxy.inject(1, { fault: { kind: 'respond', response } });
  return { url: await proxy.open('function'), stop: () => proxy.close() };
}

function bodyOf({ operation, body }: ApiCall): object {
  const each = (field: string, result: object) => (body[field] as unknown[]).map(() => result);
  const bodies: Record<string, () => object> = {
    PutEvents: () => ({ FailedEntryCount: 0, Entries: each('Entries', { EventId: '1' }) }),
    BatchExecuteStatement: () => ({ Responses: each('Statements', {}) }),
    BatchGetItem: () => ({ Responses: {}, UnprocessedKeys: {} }),
    // The sweep has looked after the parked letters, as it does once a day.
    GetItem: () => ({ Item: { shards: { M: { 'parked letters': { S: new Date().toISOString() } } } } }),
    UpdateItem: () => (body.ReturnValues === 'ALL_NEW' ? { Attributes: body.Key } : {}),
    Query: () => ({ Items: [], Count: 0, ScannedCount: 0 }),
  };
  return bodies[operation]?.() ?? {};
}

function snsResponse({ operation, query }: ApiCall): ApiResponse {
  const ids = [...query].filter(([name]) => /^PublishBatchRequestEntries\.member\.\d+\.Id$/.test(name));
  const entries = ids.map(([, id]) => `<member><Id>${id}</Id><MessageId>1</MessageId></member>`).join('');
  const result =
    operation === 'PublishBatch' ? `<Successful>${entries}</Successful><Failed></Failed>` : '<MessageId>1</MessageId>';
  const body = `<${operation}Response xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><${operation}Result>${result}</${operation}Result></${operation}Response>`;
  return { status: 200, type: 'text/xml', body };
}
