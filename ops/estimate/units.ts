/** What DynamoDB keeps of its own beside an item, in bytes
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html). */
export const ITEM_OVERHEAD = 100;

/** Takes an item's bytes and gives the units that writing it takes. */
export const writeUnits = (bytes: number): number => Math.max(1, Math.ceil(bytes / 1024));

/** Takes an item's bytes and gives the units that reading it consistently takes. */
export const readUnits = (bytes: number): number => Math.max(1, Math.ceil(bytes / 4096));
