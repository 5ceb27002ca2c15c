import { connect } from 'node:net';
import type { EngineName } from './engines.ts';

const DEFAULT_ENDPOINT = 'http://127.0.0.1:4566';
// https://docs.aws.amazon.com/general/latest/gr/rande.html, with the endpoints of a VPC and those of China and of the EU's own cloud.
const AWS_HOST = /(^|\.)(amazonaws\.(com|com\.cn|eu)|api\.aws)\.?$/;
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Parses what a person wrote for the endpoint of an engine into its one spelling, `http://127.0.0.1:4566`: with a scheme, without a slash at its
 * end, and this machine by its address, because an SDK puts a bucket's name before a host's name. Throws a sentence for what names no engine.
 */
export function parseEndpoint(text: string): string {
  const url = parseUrl(text.trim());
  const problem = url === undefined ? `which is not a URL: set it to one such as ${DEFAULT_ENDPOINT}.` : problemOf(url);
  if (url === undefined || problem !== undefined) {
    // A password that somebody put into a URL is nobody's business.
    throw new Error(`AWS_ENDPOINT_URL is "${text.replace(/\/\/[^/]*@/, '//…@')}", ${problem}`);
  }
  return url.origin.replace(/^http:\/\/(localhost|0\.0\.0\.0)(?=:|$)/, 'http://127.0.0.1');
}

/** Parses a URL, or a host with its port, which is taken as http. */
function parseUrl(text: string): URL | undefined {
  const hasScheme = /^[a-z][\w+.-]*:\/\//i.test(text);
  // A word that is neither a host with a port nor one with a dot is something else.
  if (!hasScheme && !/^(localhost|[^/:]+[:.][^/]+)\/*$/i.test(text)) return undefined;
  const url = URL.parse(hasScheme ? text : `http://${text}`);
  return url !== null && /^https?:$/.test(url.protocol) ? url : undefined;
}

function problemOf({
  hostname,
  protocol,
  origin,
  username,
  password,
  pathname,
  search,
  hash,
}: URL): string | undefined {
  if (AWS_HOST.test(hostname)) return 'which is AWS and no engine: unset it, and say --aws for AWS.';
  if (username + password + pathname + search + hash !== '/') {
    return `and an engine has a host and a port only: set it to ${origin}.`;
  }
  if (protocol === 'https:' && LOOPBACK.includes(hostname)) {
    return `and an engine on this machine speaks http: set it to ${origin.replace('https', 'http')}.`;
  }
  return undefined;
}

/** The endpoint of all local commands: `AWS_ENDPOINT_URL`, or port 4566 of this machine. */
export const defaultEndpoint = (env: NodeJS.ProcessEnv = process.env): string =>
  env.AWS_ENDPOINT_URL ? parseEndpoint(env.AWS_ENDPOINT_URL) : DEFAULT_ENDPOINT;

/** What listens at an endpoint: an AWS-like server (`unknown` if it is neither engine), another program, or nothing. */
export type ProbeResult =
  | { readonly kind: 'aws'; readonly name: EngineName | 'unknown' }
  | { readonly kind: 'other' | 'nothing' };

/** Finds out what listens at an endpoint, with read-only requests. */
export async function probeEndpoint(endpoint: string): Promise<ProbeResult> {
  if ((await fetchHealth(endpoint, '/_ministack/health')) !== undefined) return { kind: 'aws', name: 'ministack' };
  if ((await fetchHealth(endpoint, '/_localstack/health')) !== undefined) return { kind: 'aws', name: 'localstack' };
  if (await answersGetCallerIdentity(endpoint)) return { kind: 'aws', name: 'unknown' };
  return { kind: (await acceptsConnections(endpoint)) ? 'other' : 'nothing' };
}

/** Reads an engine's health document. Returns `undefined` until the engine lists its services. */
export async function fetchHealth(endpoint: string, path: string): Promise<object | undefined> {
  try {
    const response = await fetch(new URL(path, endpoint), { signal: AbortSignal.timeout(3_000) });
    const body: unknown = response.ok ? await response.json() : undefined;
    return typeof body === 'object' && body !== null && 'services' in body ? body : undefined;
  } catch {
    return undefined;
  }
}

// GetCallerIdentity needs no permission, so every AWS-like server answers it.
async function answersGetCallerIdentity(endpoint: string): Promise<boolean> {
  const scope = 'test/20260101/us-east-1/sts/aws4_request';
  try {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
      },
      body: 'Action=GetCallerIdentity&Version=2011-06-15',
      signal: AbortSignal.timeout(3_000),
    });
    return (await response.text()).includes('GetCallerIdentityResult');
  } catch {
    return false;
  }
}

function acceptsConnections(endpoint: string): Promise<boolean> {
  const { hostname, port, protocol } = new URL(endpoint);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port || (protocol === 'https:' ? 443 : 80)) });
    const end = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.setTimeout(2_000, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
