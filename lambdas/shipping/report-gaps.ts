import { log } from '../runtime/log.ts';
import type { RecordChange, RecordStore } from '../runtime/records.ts';
import type { Shipment } from './rules.ts';

/** Logs a warning for each step that a write parks, with its order and the step that is missing. */
export function reportGaps(store: RecordStore<Shipment>): RecordStore<Shipment> {
  return {
    load: (orderIds) => store.load(orderIds),
    advanceTo: (attribute, values) => store.advanceTo(attribute, values),
    async save(changes) {
      const results = await store.save(changes);
      for (const change of changes.filter((_, index) => results[index] === 'saved')) reportGap(change);
      return results;
    },
  };
}

function reportGap({ before, after: { orderId, sequence, parked = [] } }: RecordChange<Shipment>): void {
  const added = parked.find((step) => !before?.parked?.includes(step));
  if (added === undefined) return;
  log.warn('a step is parked until an earlier one comes', {
    consumer: 'shipping',
    orderId,
    sequence: added.sequence,
    missingSequence: sequence + 1,
  });
}
