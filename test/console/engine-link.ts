import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** Stands between a console and its engine: counts the console's calls, and can be cut, as by an engine that was ended. */
export class EngineLink {
  /** The operations that were called, in sequence. */
  readonly calls: string[] = [];
  private readonly engine: URL;
  private readonly agent = new Agent({ keepAlive: true });
  private readonly server = createServer((asked, answer) => void this.pass(asked, answer));
  private port = 0;

  constructor(endpoint: string) {
    this.engine = new URL(endpoint);
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Begins to listen, after a cut on the same port as before. */
  async open(): Promise<void> {
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
  }

  /** Breaks all connections and refuses new ones. */
  async cut(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private async pass(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const body = await buffer(asked);
    this.calls.push(operationOf(asked, body));
    const { hostname, port } = this.engine;
    const options = {
      hostname,
      port,
      method: asked.method,
      path: asked.url,
      headers: asked.headers,
      agent: this.agent,
    };
    request(options, (answered) => {
      answer.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(answer);
    })
      .once('error', () => answer.destroy())
      .end(body);
  }
}

/** Returns the operation that a request names, in whichever of AWS's protocols. */
function operationOf({ headers, method, url = '' }: IncomingMessage, body: Buffer): string {
  const target = headers['x-amz-target'];
  const named =
    (typeof target === 'string' ? target.split('.').pop() : undefined) ??
    /\/operation\/(\w+)/.exec(url)?.[1] ??
    /(?:^|&)Action=(\w+)/.exec(body.subarray(0, 2_000).toString())?.[1];
  return named ?? `${method} ${url.split('?')[0]}`;
}
