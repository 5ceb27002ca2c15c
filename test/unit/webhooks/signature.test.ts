import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { headersOf, signatureOf } from '../../../lambdas/webhooks/signature.ts';

const newKey = (bytes = 24) => `whsec_${randomBytes(bytes).toString('base64')}`;
const nowInSeconds = () => Math.floor(Date.now() / 1000);

/** Signs a body as the function does. */
function signed(keys: readonly string[], body: string, id = 'msg_1', timestamp = nowInSeconds()) {
  const message = { id, timestamp, body };
  return headersOf(message, signatureOf('erp', keys, message));
}

describe('A signature', () => {
  test("is verified by Standard Webhooks' own library, whatever the body and the key", () => {
    const key = fc
      .uint8Array({ minLength: 24, maxLength: 64 })
      .map((bytes) => `whsec_${Buffer.from(bytes).toString('base64')}`);
    fc.assert(
      fc.property(key, fc.json(), (secret, body) => {
        expect(new Webhook(secret).verify(body, signed([secret], body))).toEqual(JSON.parse(body));
      }),
    );
  });

  test('is the one of the specification’s example', () => {
    const message = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1_614_265_330, body: '{"test": 2432232314}' };
    expect(signatureOf('erp', ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], message)).toBe(
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    );
  });

  test('is made with each key, so that in a rotation whoever has the old or the new one verifies it, and no third', () => {
    const [before, after, other] = [newKey(), newKey(64), newKey()];
    const headers = signed([after, before], '{"a":1}');
    expect(new Webhook(before).verify('{"a":1}', headers)).toEqual({ a: 1 });
    expect(new Webhook(after).verify('{"a":1}', headers)).toEqual({ a: 1 });
    expect(() => new Webhook(other).verify('{"a":1}', headers)).toThrow();
    expect(headers['webhook-signature']).toMatch(/^v1,[\w+/]{43}= v1,[\w+/]{43}=$/);
  });

  test('fails for another body, id or time', () => {
    const key = newKey();
    const headers = signed([key], '{"a":1}');
    const verify = (body: string, changed: Record<string, string> = {}) =>
      new Webhook(key).verify(body, { ...headers, ...changed });
    expect(() => verify('{"a":2}')).toThrow();
    expect(() => verify('{"a":1}', { 'webhook-id': 'msg_2' })).toThrow();
    expect(() => verify('{"a":1}', { 'webhook-timestamp': String(nowInSeconds() - 60) })).toThrow();
    expect(verify('{"a":1}')).toEqual({ a: 1 });
  });

  test.each(['', 'whsec_', 'secret', 'whsec_not base64!', newKey(23), 'sk_test_1', `${newKey()}#`])(
    'is not made with a key that is none, and the message is retried: %s',
    (key) => {
      const make = () => signatureOf('erp', [newKey(), key], { id: 'msg_1', timestamp: 1, body: '' });
      expect(make).toThrow(expect.objectContaining({ name: 'UnavailableError' }));
      if (key.length > 6) expect(make).not.toThrow(key);
    },
  );

  test('comes with the headers of Standard Webhooks and the length of the body', () => {
    expect(headersOf({ id: 'msg_1', timestamp: 1_700_000_000, body: '"의자"' }, 'v1,x')).toEqual({
      'content-type': 'application/json',
      'content-length': '8',
      'user-agent': 'shop-messaging',
      'webhook-id': 'msg_1',
      'webhook-timestamp': '1700000000',
      'webhook-signature': 'v1,x',
    });
  });
});
