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

/** Stands for a payment token that is forgotten: a placed order keeps its form by it, and no provider takes it. */
export const FORGOTTEN_TOKEN = 'forgotten';

/**
 * Copies JSON without the person, wherever in it they are, and with the record of the money: the provider's references stay, and what named a
 * token has `FORGOTTEN_TOKEN`.
 */
export function withoutPerson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPerson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => {
      const kept = KEPT_OF_MONEY[name];
      if (kept !== undefined) return [[name, kept(member)]];
      return PERSONAL_MEMBERS.includes(name) ? [] : [[name, withoutPerson(member)]];
    }),
  );
}

const KEPT_OF_MONEY: Readonly<Record<string, (value: unknown) => unknown>> = {
  reference: (value) => value,
  token: () => FORGOTTEN_TOKEN,
};
