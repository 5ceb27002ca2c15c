import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

/** A request that a server got. */
export type ReceivedPost = { path: string; method: string; headers: IncomingHttpHeaders; body: string };

/** How a server answers a request, on its socket where it likes; given up where it answers nothing. */
export type Answering = (response: ServerResponse, socket: Socket, request: IncomingMessage) => void;

/** A server on loopback that answers each path as it is told, and keeps what it got. Closes with `await using`. */
export class HostileServer implements AsyncDisposable {
  readonly received: ReceivedPost[] = [];
  /** How many connections were made. */
  connections = 0;
  readonly #server;
  readonly #sockets = new Set<Socket>();

  private constructor(answers: Readonly<Record<string, Answering>>, tls?: { key: string; cert: string }) {
    const serve = async (request: IncomingMessage, response: ServerResponse) => {
      const chunks: Buffer[] = [];
      request.on('error', () => {});
      response.on('error', () => {});
      for await (const chunk of request) chunks.push(chunk);
      const { url: path = '', method = '', headers, socket } = request;
      this.received.push({ path, method, headers, body: Buffer.concat(chunks).toString() });
      (answers[path.split('?')[0] ?? ''] ?? ((answer) => void answer.writeHead(404).end()))(response, socket, request);
    };
    const onRequest = (request: IncomingMessage, response: ServerResponse) =>
      void serve(request, response).catch(() => {});
    this.#server = tls === undefined ? createServer(onRequest) : createTlsServer(tls, onRequest);
    this.#server.on('connection', (socket: Socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('tlsClientError', () => {});
  }

  static async start(
    answers: Readonly<Record<string, Answering>>,
    tls?: { key: string; cert: string },
  ): Promise<HostileServer> {
    const server = new HostileServer(answers, tls);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The sockets that are open. */
  get open(): number {
    return this.#sockets.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
