import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { inject } from 'vitest';

/** One call of a publisher with the event id of each entry and the bytes of all messages; a plain Publish has one entry without an id. */
export type Call = {
  number: number;
  action: string;
  orders: { entry: string; orderId: string; event: string }[];
  bytes: number;
};
/** The fault of a call: an error response; failed entries of a batch; or no response, after the engine accepted the call. */
export type CallFault = { status: number; code: string } | { failed: Record<string, Failure> } | { lost: () => void };
/** Returns the fault of a call, or `undefined` for none. */
export type FaultPlan = (call: Call) => CallFault | undefined | Promise<undefined>;
export type Failure = { code: string; senderFault: boolean };

/** Starts a proxy in front of the engine's SNS that injects faults. */
export async function unreliableSns(faultOf: FaultPlan) {
  const calls: Call[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const call = parseCall(calls.length + 1, new URLSearchParams(body));
    calls.push(call);
    const fault = await faultOf(call);
    response.setHeader('content-type', 'text/xml');
    if (fault !== undefined && 'status' in fault) return response.writeHead(fault.status).end(error(fault.code));
    const answer = await forward(request, body);
    if (fault !== undefined && 'lost' in fault) {
      fault.lost();
      return response.destroy();
    }
    response
      .writeHead(answer.status)
      .end(fault === undefined ? answer.body : withFailedEntries(answer.body, fault.failed));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    calls,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

function parseCall(number: number, parameters: URLSearchParams): Call {
  const prefixes = [...parameters.keys()].flatMap((key) => /^(.*\.|)Message$/.exec(key)?.[1] ?? []);
  const orders = prefixes.map((prefix) => {
    const event: { id: string; data: { orderId: string } } = JSON.parse(parameters.get(`${prefix}Message`) ?? '{}');
    return { entry: parameters.get(`${prefix}Id`) ?? '', orderId: event.data.orderId, event: event.id };
  });
  const bytes = prefixes.reduce((sum, prefix) => sum + Buffer.byteLength(parameters.get(`${prefix}Message`) ?? ''), 0);
  return { number, action: parameters.get('Action') ?? '', orders, bytes };
}

async function forward(request: IncomingMessage, body: string): Promise<{ status: number; body: string }> {
  const { authorization = '', 'content-type': type = '' } = request.headers;
  const headers = { authorization, 'content-type': type };
  const answer = await fetch(inject('endpoint'), { method: 'POST', headers, body });
  return { status: answer.status, body: await answer.text() };
}

const NAMESPACE = 'xmlns="http://sns.amazonaws.com/doc/2010-03-31/"';

const error = (code: string) =>
  `<ErrorResponse ${NAMESPACE}><Error><Type>Sender</Type><Code>${code}</Code><Message>${code}, says the test</Message></Error>` +
  '<RequestId>r-1</RequestId></ErrorResponse>';

/** Replaces some successful entries of a batch response by failed ones. */
function withFailedEntries(answer: string, failed: Record<string, Failure>): string {
  const ids = [...answer.matchAll(/<Id>([^<]*)<\/Id>/g)].map(([, id = '']) => id);
  const messageIds = [...answer.matchAll(/<MessageId>([^<]*)<\/MessageId>/g)].map(([, id = '']) => id);
  const taken = ids.map((id, index) => ({ id, messageId: messageIds[index] })).filter(({ id }) => !(id in failed));
  const members = {
    Successful: taken.map(({ id, messageId }) => `<Id>${id}</Id><MessageId>${messageId}</MessageId>`),
    Failed: Object.entries(failed).map(
      ([id, { code, senderFault }]) =>
        `<Id>${id}</Id><Code>${code}</Code><Message>says the test</Message><SenderFault>${senderFault}</SenderFault>`,
    ),
  };
  const lists = Object.entries(members).map(
    ([name, list]) => `<${name}>${list.map((one) => `<member>${one}</member>`).join('')}</${name}>`,
  );
  return (
    `<PublishBatchResponse ${NAMESPACE}><PublishBatchResult>${lists.join('')}</PublishBatchResult>` +
    '<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></PublishBatchResponse>'
  );
}
