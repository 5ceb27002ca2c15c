import type { Route } from '../route.ts';

/** The consumers that this shop has beside the shipped ones; a consumer's name is its folder under `lambdas/`. */
export const customRoutes = {} as const satisfies Record<string, Route>;
