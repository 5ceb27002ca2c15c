/**
 * The members of the contracts that are personal, or may be: what a publisher or a customer wrote freely, and whatever is in them. Payment ids
 * are the provider's. A test names each member of a contract that is neither here nor shown by `ops dlq`.
 */
export const PERSONAL_MEMBERS: readonly string[] = [
  'customer',
  'phone',
  'locale',
  'token',
  'reference',
  'label',
  'tracestate',
  'carrier',
  'number',
];

/** Copies JSON without its personal members, wherever in it they are. */
export function withoutPersonalMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPersonalMembers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) =>
      PERSONAL_MEMBERS.includes(name) ? [] : [[name, withoutPersonalMembers(member)]],
    ),
  );
}
