import type { EventContract } from '../cloud-event.ts';

/** The events that this shop has beside the shipped ones: one file per event family in this folder. */
export const customCatalog: readonly EventContract[] = [];
