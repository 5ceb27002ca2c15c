import { orderProgressed } from '../../contracts/lifecycle.ts';

/** The events that the shipping consumer handles. */
export const consumes = [orderProgressed] as const;
