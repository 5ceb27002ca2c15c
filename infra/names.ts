import { customTables } from './custom/tables.ts';

/** Names the construct of a consumer, and the prefix of its outputs: `payment` has `PaymentQueueUrl`. */
export const constructIdOf = (consumer: string): string => `${consumer.charAt(0).toUpperCase()}${consumer.slice(1)}`;

/** Names the consumer of a construct: the inverse of `constructIdOf`. */
export const consumerNameOf = (constructId: string): string =>
  `${constructId.charAt(0).toLowerCase()}${constructId.slice(1)}`;

const PARTNER = /^Partner([A-Z\d][a-z\d]*)$/;

/** Names the construct of a partner, and the prefix of its outputs: `crm` has `PartnerCrmQueueUrl`. */
export const partnerIdOf = (partner: string): string => `Partner${constructIdOf(partner)}`;

/** Names the partner of a construct: the inverse of `partnerIdOf`; `undefined` for the construct of anything else. */
export function partnerNameOf(constructId: string): string | undefined {
  const name = PARTNER.exec(constructId)?.[1];
  return name === undefined ? undefined : consumerNameOf(name);
}

/** The shipped tables. A shop adds its own in `infra/custom/tables.ts`, which no update touches. */
export const shippedTables = [
  'orders',
  'payments',
  'stock',
  'reservations',
  'notifications',
  'shipments',
  'sandboxGateway',
] as const;

/** The tables of the shop, as settings and docs name them. */
export const tableNames = [...shippedTables, ...customTables] as const;

export type TableName = (typeof tableNames)[number];

/** Names the construct of a table: `payments` is `PaymentsTable`, and its output `PaymentsTableName`. */
export const tableIdOf = (table: TableName): string => `${constructIdOf(table)}Table`;
