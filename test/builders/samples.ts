import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Returns the kept sample of an event, as the text of a message. */
export const sampleOf = (type: string): string =>
  readFileSync(join(import.meta.dirname, '..', 'contracts', 'samples', `${type}.json`), 'utf8');
