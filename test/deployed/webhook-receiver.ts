import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import { text } from 'node:stream/consumers';

/** A request that an endpoint got. */
export type Posted = { path: string; headers: IncomingHttpHeaders; body: string };

/** What an endpoint answers, once. */
export type Answer = { status: number; location?: string };

/** What an endpoint answers next to what has a text in its body. */
type Script = { path: string; about: string; next: Answer[] };

/**
 * Listens where the shop of the suite posts its events, for as long as the suite runs: an endpoint that nobody serves would keep messages in
 * flight in every test. It takes each event, unless a test tells it what to answer next.
 */
export async function startReceiver(port: number): Promise<Server> {
  const received: Posted[] = [];
  const scripts: Script[] = [];
  const control = async (request: IncomingMessage): Promise<unknown> => {
    if (request.method === 'GET') return received;
    scripts.push(JSON.parse(await text(request)) as Script);
    return [];
  };
  const server = createServer(async (request, response) => {
    const path = request.url ?? '';
    if (path === CONTROL) {
      response.end(JSON.stringify(await control(request)));
      return;
    }
    const body = await text(request);
    received.push({ path, headers: request.headers, body });
    if (request.headers['x-amz-sns-message-type'] === 'SubscriptionConfirmation') await confirm(JSON.parse(body));
    const script = scripts.find((one) => one.path === path && body.includes(one.about) && one.next.length > 0);
    const { status, location } = script?.next.shift() ?? { status: 204 };
    response.writeHead(status, location === undefined ? {} : { location }).end();
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const CONTROL = '/control';

/** Confirms the subscription to a topic, as whoever wants its messages has to. */
async function confirm({ SubscribeURL }: { SubscribeURL: string }): Promise<void> {
  const url = new URL(SubscribeURL);
  // The name that LocalStack gives itself does not resolve without a network.
  url.hostname = '127.0.0.1';
  await fetch(url);
}

/** Speaks to the receiver of the suite from a test. */
export function receiverAt(port: number) {
  const url = `http://127.0.0.1:${port}${CONTROL}`;
  return {
    /** Returns what one endpoint got for an order, or for whatever else is named in its body, in order. */
    async receivedAt(path: string, about: string): Promise<Posted[]> {
      const all = (await (await fetch(url)).json()) as Posted[];
      return all.filter((one) => one.path === path && one.body.includes(about));
    },
    /** Sets what an endpoint answers next to what has a text in its body; afterwards it takes everything again. */
    async answer(path: string, about: string, ...next: Answer[]): Promise<void> {
      await fetch(url, { method: 'PUT', body: JSON.stringify({ path, about, next } satisfies Script) });
    },
  };
}
