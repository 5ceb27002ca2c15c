import type { Selection } from '../../api/dead-letters.ts';

// What an address of a group names; ids would make it longer than an address may be.
const NAMES = ['consumer', 'errorType', 'reason', 'order', 'like', 'parked'] as const;

/** The page of one letter. */
export const letterUrl = ({ consumer, messageId }: { consumer: string; messageId: string }): string =>
  `/dead-letters/letter/${encodeURIComponent(consumer)}/${encodeURIComponent(messageId)}`;

/** The page of the letters of a selection. */
export const groupUrl = (selection: Selection): string => `/dead-letters/group?${queryOf(selection)}`;

/** Writes a selection as the query of an address. */
export function queryOf(selection: Selection): string {
  const query = new URLSearchParams();
  for (const name of NAMES) if (selection[name] !== undefined) query.set(name, String(selection[name]));
  return query.toString();
}

/** Reads a selection from the query of an address. */
export function selectionIn(search: string): Selection {
  const query = new URLSearchParams(search);
  const text = (name: (typeof NAMES)[number]) => query.get(name) ?? undefined;
  return {
    consumer: text('consumer'),
    errorType: text('errorType'),
    reason: text('reason'),
    order: text('order'),
    like: text('like'),
    parked: query.has('parked') ? true : undefined,
  };
}
