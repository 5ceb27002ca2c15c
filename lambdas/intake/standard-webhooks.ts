import { ContractError } from '../../contracts/parse.ts';
import { type Scheme, textOf } from './scheme.ts';
import { checkSignature, checkTime, requireHeader } from './signature.ts';

const DELIVERY_ID = /^[!-~]{1,256}$/;

/**
 * Standard Webhooks 1.0 (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md). The body is the event
 * itself.
 */
export const standardWebhooks: Scheme = {
  check(request, secrets, now) {
    const id = requireHeader(request, 'webhook-id');
    const time = requireHeader(request, 'webhook-timestamp');
    const signatures = requireHeader(request, 'webhook-signature');
    checkTime(time, now);
    const given = signatures.split(' ').flatMap((one) => (one.startsWith('v1,') ? [one.slice(3)] : []));
    const content = [`${id}.${time}.`, request.body];
    checkSignature({ given, keys: secrets.flatMap(keyOf), content, encoding: 'base64' });
  },

  async read(request) {
    const deliveryId = requireHeader(request, 'webhook-id');
    if (!DELIVERY_ID.test(deliveryId))
      throw new ContractError([{ path: 'webhook-id', problem: 'must be 1 to 256 printable ASCII characters' }]);
    const text = textOf(request);
    return { text, content: text, deliveryId };
  },
};

/** Decodes a secret. One without bytes is left out, or anybody could sign with it. */
function keyOf(secret: string): Buffer[] {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return key.length === 0 ? [] : [key];
}
