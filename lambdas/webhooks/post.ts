import { promises as dns, type LookupAddress } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { checkAddresses } from './address.ts';
import type { Answer } from './rules.ts';

/** Finds the addresses of a host. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

export type PostRequest = {
  url: URL;
  headers: Readonly<Record<string, string>>;
  body: string;
  /** Ends the call, whatever it is doing. */
  signal: AbortSignal;
};

/** Posts a request and returns the answer; throws where there is none. */
export type Post = (request: PostRequest) => Promise<Answer>;

// An answer's body means nothing, but a server may take a connection that ends before it for a caller who gave up.
const MAX_ANSWER_BYTES = 4_096;
const MAX_ANSWER_MS = 1_000;

const MAX_HEADER_BYTES = 16_384;

/**
 * Returns a function that posts. Each call resolves the host once, refuses what is not public, and connects to those addresses and no
 * others, by a connection of its own that nothing else uses. Redirects are not followed, and proxies of the environment are not used.
 */
export function poster(allowPrivate: readonly string[], resolve: Resolve = resolveTogether()): Post {
  return async ({ url, headers, body, signal }) => {
    const addresses = await resolve(url.hostname.replace(/^\[|\]$/g, ''));
    checkAddresses(
      url,
      addresses.map(({ address }) => address),
      allowPrivate,
    );
    return new Promise<Answer>((settle, reject) => {
      const { request } = url.protocol === 'https:' ? https : http;
      const options = {
        method: 'POST',
        headers,
        signal,
        agent: false,
        lookup: pinnedTo(addresses),
        maxHeaderSize: MAX_HEADER_BYTES,
        rejectUnauthorized: true,
      };
      request(url, options, (response) => {
        const { statusCode = 0, headers } = response;
        skipBody(response, () => settle({ status: statusCode, retryAfter: headers['retry-after'] }));
      })
        // Nobody asked for it, and without a listener there would be neither an answer nor an error.
        .on('upgrade', ({ statusCode = 0 }, socket) => {
          socket.destroy();
          settle({ status: statusCode });
        })
        .on('error', reject)
        .end(body);
    });
  };
}

/** Reads a body to its end, or until it is too long or too slow. */
function skipBody(response: http.IncomingMessage, done: () => void): void {
  let bytes = 0;
  const timer = setTimeout(() => response.destroy(), MAX_ANSWER_MS);
  response
    .on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_ANSWER_BYTES) response.destroy();
    })
    // Also where the connection breaks off: the status has come, and is the answer.
    .on('close', () => {
      clearTimeout(timer);
      done();
    });
}

/** Answers every lookup with the addresses that were judged. */
const pinnedTo =
  (addresses: readonly LookupAddress[]): LookupFunction =>
  (hostname, { all }, callback) => {
    const [first] = addresses;
    if (all) callback(null, [...addresses]);
    else if (first === undefined) callback(new Error(`${hostname} has no address`), '');
    else callback(null, first.address, first.family);
  };

/** Resolves a host once for all who ask at the same time: there are four threads for it, which one dead name must not take up. */
function resolveTogether(): Resolve {
  const pending = new Map<string, ReturnType<Resolve>>();
  return (hostname) => {
    const known = pending.get(hostname);
    if (known !== undefined) return known;
    const resolving = dns.lookup(hostname, { all: true }).finally(() => pending.delete(hostname));
    pending.set(hostname, resolving);
    return resolving;
  };
}
