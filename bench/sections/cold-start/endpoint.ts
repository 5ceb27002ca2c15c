import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Answer, type Call, callOf, ok } from '../../../test/faults/protocol.ts';

/** An AWS that says yes to everything at once and keeps nothing, on a port of its own. */
export class YesEndpoint {
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(): Promise<YesEndpoint> {
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { status, type, body } = answerTo(callOf('function', request.headers, Buffer.concat(chunks).toString()));
      response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    server.listen(0, '127.0.0.1', resolve);
    await promise;
    return new YesEndpoint(server);
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

function answerTo(call: Call): Answer {
  const { operation, body } = call;
  const each = (field: string, answer: object) => (body[field] as unknown[]).map(() => answer);
  if (call.service === 'sns') return published(call);
  switch (operation) {
    case 'PutEvents':
      return ok(call, { FailedEntryCount: 0, Entries: each('Entries', { EventId: '1' }) });
    case 'BatchExecuteStatement':
      return ok(call, { Responses: each('Statements', {}) });
    case 'BatchGetItem':
      return ok(call, { Responses: {}, UnprocessedKeys: {} });
    case 'UpdateItem':
      return ok(call, body.ReturnValues === 'ALL_NEW' ? { Attributes: body.Key } : {});
    case 'Query':
      return ok(call, { Items: [], Count: 0, ScannedCount: 0 });
    default:
      return ok(call, {});
  }
}

function published({ operation, query }: Call): Answer {
  const ids = [...query].filter(([name]) => /^PublishBatchRequestEntries\.member\.\d+\.Id$/.test(name));
  const entries = ids.map(([, id]) => `<member><Id>${id}</Id><MessageId>1</MessageId></member>`).join('');
  const result =
    operation === 'PublishBatch' ? `<Successful>${entries}</Successful><Failed></Failed>` : '<MessageId>1</MessageId>';
  const body = `<${operation}Response xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><${operation}Result>${result}</${operation}Result></${operation}Response>`;
  return { status: 200, type: 'text/xml', body };
}
