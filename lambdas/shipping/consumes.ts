import { orderProgressed } from '../../contracts/lifecycle.ts';

/** What the shipping consumer understands. */
export const consumes = [orderProgressed] as const;
