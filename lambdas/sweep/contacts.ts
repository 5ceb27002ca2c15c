import { withoutContact } from '../notification/forgotten.ts';
import type { Notification } from '../notification/rules.ts';
import { log } from '../runtime/log.ts';
import type { OrderRecordsReader } from './order-records.ts';

/** Removes whom to text from records that still say it; returns whether some of them failed or changed meanwhile. */
export async function forgetContacts(
  { records, failures }: { records: Pick<OrderRecordsReader, 'saveContacts'>; failures: Error[] },
  notifications: readonly Notification[],
): Promise<boolean> {
  const kept = notifications.filter(({ contact }) => !contact?.forgotten);
  if (kept.length === 0) return false;
  const results = await records.saveContacts(kept.map(withoutContact));
  failures.push(...results.filter((result) => result instanceof Error));
  const saved = results.filter((result) => result === 'saved');
  log.info(`phones that ended with their time: ${saved.length}`);
  return saved.length < results.length;
}
