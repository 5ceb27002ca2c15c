import type * as v from 'valibot';

/**
 * The settings that this shop has beside the shipped ones, made by the functions in `infra/setting.ts`:
 * `pointsPerHundred: setting('points for each 100 of the total', integer(0, 100), 1)`.
 */
export const customSettings = {} as const satisfies Record<string, v.GenericSchema>;
