import { createHmac } from 'node:crypto';
import { UnavailableError } from '../runtime/failure.ts';

const KEY = /^whsec_([A-Za-z0-9+/]+={0,2})$/;

// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: 24 to 64 bytes.
const MIN_KEY_BYTES = 24;

/** What is signed. `timestamp` in seconds since 1970. */
export type Signed = { id: string; timestamp: number; body: string };

/** Signs a message with each key, as Standard Webhooks 1.0 does: `v1,…`, separated by spaces. Throws where a key is none. */
export function signatureOf(endpoint: string, keys: readonly string[], { id, timestamp, body }: Signed): string {
  const signatures = keys.map((key) => {
    const digest = createHmac('sha256', bytesOf(endpoint, key)).update(`${id}.${timestamp}.${body}`);
    return `v1,${digest.digest('base64')}`;
  });
  return signatures.join(' ');
}

function bytesOf(endpoint: string, key: string): Buffer {
  const bytes = Buffer.from(KEY.exec(key)?.[1] ?? '', 'base64');
  // Retried, because the operator mends it.
  if (bytes.length < MIN_KEY_BYTES)
    throw new UnavailableError(
      `The secret of endpoint ${endpoint} must be whsec_ and ${MIN_KEY_BYTES} bytes in Base64`,
    );
  return bytes;
}

/** Returns the headers of a post. */
export const headersOf = (signed: Signed, signature: string): Record<string, string> => ({
  'content-type': 'application/json',
  'content-length': String(Buffer.byteLength(signed.body)),
  'user-agent': 'shop-messaging',
  'webhook-id': signed.id,
  'webhook-timestamp': String(signed.timestamp),
  'webhook-signature': signature,
});
