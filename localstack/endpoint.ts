import { connect } from 'node:net';
import type { EngineName } from './engines.ts';

/** What answers at an address: an engine or something AWS-like by name, something else, or nothing. */
export type Answer =
  | { readonly kind: 'aws'; readonly name: EngineName | 'unknown' }
  | { readonly kind: 'other' | 'nothing' };

/** Asks an address what it is, without changing anything there. */
export async function whatAnswers(endpoint: string): Promise<Answer> {
  if ((await health(endpoint, '/_ministack/health')) !== undefined) return { kind: 'aws', name: 'ministack' };
  if ((await health(endpoint, '/_localstack/health')) !== undefined) return { kind: 'aws', name: 'localstack' };
  if (await knowsCallers(endpoint)) return { kind: 'aws', name: 'unknown' };
  return { kind: (await accepts(endpoint)) ? 'other' : 'nothing' };
}

/** The health document of an engine, once it has services to offer. */
export async function health(endpoint: string, path: string): Promise<object | undefined> {
  try {
    const response = await fetch(new URL(path, endpoint), { signal: AbortSignal.timeout(3_000) });
    const body: unknown = response.ok ? await response.json() : undefined;
    return typeof body === 'object' && body !== null && 'services' in body ? body : undefined;
  } catch {
    return undefined;
  }
}

// Every AWS-like server answers this, whoever asks: it says who the caller is.
async function knowsCallers(endpoint: string): Promise<boolean> {
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

function accepts(endpoint: string): Promise<boolean> {
  const { hostname, port, protocol } = new URL(endpoint);
  return new Promise((answer) => {
    const socket = connect({ host: hostname, port: Number(port || (protocol === 'https:' ? 443 : 80)) });
    const end = (accepted: boolean) => {
      socket.destroy();
      answer(accepted);
    };
    socket.setTimeout(2_000, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
