import type { Contact } from './contact.ts';

/** Removes whom to text from a record, for good. What would still be sent is refused then, and another `placed` finds a contact and brings none. */
export const withoutContact = <R extends { contact?: Contact }>(record: R): R =>
  record.contact?.forgotten
    ? record
    : { ...record, contact: { locale: record.contact?.locale ?? 'en', forgotten: true } };
