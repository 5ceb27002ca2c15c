import type { DeployedShop } from '../stack.ts';
import type { DeadLetter } from './dead-letter.ts';
import type { Parked, ParkingNote } from './parked.ts';
import type { PlanResult, Selectors } from './plan.ts';

export type ParkingOptions = {
  /** Ends after the batch it is at; what was received is released. */
  signal?: AbortSignal | undefined;
  /** Called after every batch with how many more were moved. */
  onProgress?: (count: number) => void;
  /** Called with sentences for the operator. */
  notify?: (message: string) => void;
};

/** A dead letter in the parking queue. Its `id`, cause, body and attributes are those of the letter that was parked. */
export type ParkedLetter = DeadLetter & { parked: Parked };

/**
 * Parks the selected dead letters: moves each from its dead-letter queue to the parking queue, sent first and deleted after. Throws a sentence where
 * owner, note or link cannot be taken, before anything is touched. Returns how many were `moved`, and those that `failed` with why: one that does
 * not fit into the parking queue stays where it is. Selects none that is parked already.
 */
export function parkLetters(
  _shop: DeployedShop,
  _selectors: Selectors,
  _note: ParkingNote,
  _options: ParkingOptions = {},
): Promise<PlanResult> {
  throw new Error('Parking is not there yet.');
}

/**
 * Puts the selected parked letters back into the dead-letter queues they came from, as they were. One that was parked twice is put back once.
 * Returns how many were `moved`, and those that `failed` with why.
 */
export function unparkLetters(
  _shop: DeployedShop,
  _selectors: Selectors,
  _options: ParkingOptions = {},
): Promise<PlanResult> {
  throw new Error('Parking is not there yet.');
}

/**
 * Reads the selected parked letters, each once, and leaves them where they are; without selectors all of them. Empty where the deployment is too old
 * to have a parking queue.
 */
export function readParked(
  _shop: DeployedShop,
  _selectors: Selectors = {},
  _options: Omit<ParkingOptions, 'onProgress'> = {},
): Promise<ParkedLetter[]> {
  throw new Error('Parking is not there yet.');
}
