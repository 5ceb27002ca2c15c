import type { Imports } from './imports.ts';

/** Writes `lambdas/<name>/consumes.ts`. */
export const consumesFile = (name: string, consumed: Imports): string => `${consumed.statements('../../contracts')}
/** The events that the ${name} consumer handles. */
export const consumes = [${consumed.names.join(', ')}] as const;
`;
