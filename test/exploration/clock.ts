/** One moment for all that is written: equal situations are equal, whenever they come about. */
export const NOW = new Date('2026-11-21T09:00:00Z');
