import { createHmac, timingSafeEqual } from 'node:crypto';
import { Refusal } from './refusal.ts';
import type { IntakeRequest } from './request.ts';

/** By how many seconds the time of a request may differ from ours: a request that was overheard is worth nothing later. */
const TOLERANCE_SECONDS = 300;

const SECONDS = /^\d{1,12}$/;

/** Returns a header that the scheme requires; refuses a request without it. */
export function requireHeader({ headers }: IntakeRequest, name: string): string {
  const value = headers[name];
  if (value) return value;
  throw new Refusal(401, `the request is not signed: the header ${name} is missing`);
}

/** Refuses a request whose time, in seconds since 1970, is more than five minutes before or after `now`, in milliseconds. */
export function checkTime(seconds: string, now: number): void {
  if (!SECONDS.test(seconds)) throw new Refusal(401, 'the time of the signature is not in seconds since 1970');
  if (Math.abs(now / 1000 - Number(seconds)) > TOLERANCE_SECONDS)
    throw new Refusal(401, 'the time of the signature is more than five minutes off: sign each try anew');
}

/** What is signed, and with what. */
export type Signed = {
  /** Signatures as the request gives them. */
  given: readonly string[];
  keys: readonly (string | Buffer)[];
  /** The parts that are signed, joined. */
  content: readonly (string | Buffer)[];
  encoding: 'base64' | 'hex';
};

/**
 * Refuses a request of whose signatures none was made with one of the keys. Texts are compared, and not the bytes that they stand for, of
 * which Base64 has more than one spelling; all pairs in constant time, so that the time tells nothing of a key.
 */
export function checkSignature({ given, keys, content, encoding }: Signed): void {
  let matches = 0;
  for (const key of keys) {
    const hmac = createHmac('sha256', key);
    for (const part of content) hmac.update(part);
    const expected = Buffer.from(hmac.digest(encoding));
    for (const one of given) {
      const bytes = Buffer.from(one);
      matches += bytes.length === expected.length && timingSafeEqual(bytes, expected) ? 1 : 0;
    }
  }
  if (matches === 0)
    throw new Refusal(
      401,
      'the signature does not match: sign the bytes that are sent, with the secret of this sender',
    );
}
