import type { CountryCode } from 'libphonenumber-js/max';
import type { OrderPlaced } from '../../contracts/order.ts';
import { readPhone, visiblePhone } from './phone.ts';

/**
 * Whom to text, in which language, and what the customer knows the order by if that is not its id. `phone` is in E.164, so a changed
 * setting makes it nobody else's; it is absent if what was given is no number. `forgotten`: the phone was removed, and no `placed` brings it back.
 * Versions that do not know the mark read a contact without a phone, which they keep as it is and do not text.
 */
export type Contact = { phone?: string; locale: string; orderNumber?: string; forgotten?: true };

/** Returns whom to text about a placed order; `undefined` if it names no phone. */
export function contactOf(
  { customer: { phone: given = '', locale = 'en' } = {}, orderNumber }: OrderPlaced['data'],
  defaultCountry: CountryCode | undefined,
): Contact | undefined {
  if (visiblePhone(given) === '') return undefined;
  const phone = readPhone(given, defaultCountry);
  return { locale, ...(phone && { phone }), ...(orderNumber && { orderNumber }) };
}
