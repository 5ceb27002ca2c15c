import ipaddr from 'ipaddr.js';
import { PermanentError } from '../runtime/failure.ts';

/** The address of an endpoint is none that the shop calls. */
export class AddressRefusedError extends PermanentError {
  override name = 'AddressRefusedError';
}

// Everything that was ever assigned to hosts in IPv6 (https://www.iana.org/assignments/ipv6-address-space).
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Tells whether an IP address is one of the public internet, not one of a private network, of this machine or of its surroundings, nor one
 * that a gateway translates to such a one.
 */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'unicast') return false;
  return !(parsed instanceof ipaddr.IPv6) || parsed.match(GLOBAL_UNICAST);
}

/** Returns an address as `host:port`, as the settings name private ones. */
export const hostAndPort = ({ hostname, port, protocol }: URL): string =>
  `${hostname}:${port || (protocol === 'http:' ? 80 : 443)}`;

/** Throws `AddressRefusedError` unless the URL, resolved to these addresses, may be called. */
export function checkAddresses(url: URL, addresses: readonly string[], allowPrivate: readonly string[]): void {
  const place = hostAndPort(url);
  if (allowPrivate.includes(place)) return;
  const why = `; \`webhooks.allowPrivate\` of the settings may name ${place}`;
  if (url.protocol !== 'https:') throw new AddressRefusedError(`${place} is not called without TLS${why}`);
  if (!addresses.every(isPublic)) throw new AddressRefusedError(`${place} has an address that is not public${why}`);
}
