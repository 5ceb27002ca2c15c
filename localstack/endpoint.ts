import { connect } from 'node:net';
import type { EngineName } from './engines.ts';

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
