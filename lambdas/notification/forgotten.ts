import type { Contact } from './contact.ts';

/** A contact that is nobody's. Versions that do not know the mark need a locale. */
const NOBODY: Contact = { locale: 'en', forgotten: true };

/** Removes whom to text from a record, for good. What would still be sent is refused then, and another `placed` finds a contact and brings none. */
export const withoutContact = <R extends { contact?: Contact }>(record: R): R =>
  record.contact?.forgotten ? record : { ...record, contact: NOBODY };
