import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { inject } from 'vitest';

/** One call a publisher made: the event of each entry by the entry's id; a plain Publish has one, without an id. */
export type Call = { number: number; action: string; orders: { entry: string; orderId: string; event: string }[] };
/** What becomes of a call: an error; entries of a batch reported as failed; or no answer at all. The engine took the latter two. */
export type Fate = { status: number; code: string } | { failed: Record<string, Failure> } | { lost: () => void };
/** Decides about each call; what it gives nothing for goes well. */
export type Trouble = (call: Call) => Fate | undefined | Promise<undefined>;
export type Failure = { code: string; senderFault: boolean };

/** Stands between a publisher and the engine's SNS, speaks the protocol of both, and makes trouble. */
export async function unreliableSns(trouble: Trouble) {
  const calls: Call[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const call = understood(calls.length + 1, new URLSearchParams(body));
    calls.push(call);
    const fate = await trouble(call);
    response.setHeader('content-type', 'text/xml');
    if (fate !== undefined && 'status' in fate) return response.writeHead(fate.status).end(error(fate.code));
    const answer = await forwarded(request, body);
    if (fate !== undefined && 'lost' in fate) {
      fate.lost();
      return response.destroy();
    }
    response.writeHead(answer.status).end(fate === undefined ? answer.body : partly(answer.body, fate.failed));
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

function understood(number: number, parameters: URLSearchParams): Call {
  const prefixes = [...parameters.keys()].flatMap((key) => /^(.*\.|)Message$/.exec(key)?.[1] ?? []);
  const orders = prefixes.map((prefix) => {
    const event: { id: string; data: { orderId: string } } = JSON.parse(parameters.get(`${prefix}Message`) ?? '{}');
    return { entry: parameters.get(`${prefix}Id`) ?? '', orderId: event.data.orderId, event: event.id };
  });
  return { number, action: parameters.get('Action') ?? '', orders };
}

async function forwarded(request: IncomingMessage, body: string): Promise<{ status: number; body: string }> {
  const { authorization = '', 'content-type': type = '' } = request.headers;
  const headers = { authorization, 'content-type': type };
  const answer = await fetch(inject('endpoint'), { method: 'POST', headers, body });
  return { status: answer.status, body: await answer.text() };
}

const NAMESPACE = 'xmlns="http://sns.amazonaws.com/doc/2010-03-31/"';

const error = (code: string) =>
  `<ErrorResponse ${NAMESPACE}><Error><Type>Sender</Type><Code>${code}</Code><Message>${code}, says the test</Message></Error>` +
  '<RequestId>r-1</RequestId></ErrorResponse>';

/** Takes the engine's answer to a batch, all of it taken, and says of some entries that they failed. */
function partly(answer: string, failed: Record<string, Failure>): string {
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
