import { ulid } from 'ulid';
import { assertTestOrdersAllowed } from '../orders/test-orders.ts';
import type { DeployedShop } from '../stack.ts';
import { setAvailable } from '../stock/shelves.ts';
import type { LoadProgress } from './monitor.ts';
import type { LoadResult } from './result.ts';
import { runLoad } from './run.ts';

/** What a load is asked for; shares in per cent. Without `sku`, a shelf of its own is stocked. */
export type LoadRequest = {
  rate: number;
  count: number;
  burst: number;
  declined: number;
  duplicates: number;
  cancelled: number;
  refunded: number;
  sku?: string | undefined;
  phone?: string | undefined;
  /** How long to wait for the last decisions, in seconds. */
  patience: number;
};

/** What a load has where nothing else is asked for. */
export const LOAD_DEFAULTS = {
  burst: 1,
  declined: 5,
  duplicates: 2,
  cancelled: 2,
  refunded: 2,
  patience: 300,
} as const;

/** Throws a sentence where a load must not run. */
export const assertLoadAllowed = (shop: DeployedShop, { phone }: Pick<LoadRequest, 'phone'>): void =>
  assertTestOrdersAllowed(shop, { what: 'a load', phone });

export type LoadListeners = {
  signal: AbortSignal;
  onProgress: (progress: LoadProgress) => void;
  /** Gets the SKU of the shelf that was stocked; what is left of it stays in stock. */
  onStocked?: (sku: string) => void;
};

/** Runs a load under a name of its own, which its orders begin with; throws where it is not allowed. */
export async function startLoad(
  shop: DeployedShop,
  { patience, ...request }: LoadRequest,
  { signal, onProgress, onStocked }: LoadListeners,
): Promise<LoadResult> {
  assertLoadAllowed(shop, request);
  const run = `load-${ulid().slice(-8).toLowerCase()}`;
  if (request.sku === undefined) {
    await setAvailable(shop, run, request.count);
    onStocked?.(run);
  }
  const options = {
    ...request,
    run,
    sku: request.sku ?? run,
    declined: request.declined / 100,
    duplicates: request.duplicates / 100,
    cancelled: request.cancelled / 100,
    refunded: request.refunded / 100,
    timeoutSeconds: patience,
  };
  return runLoad(shop, options, { signal, onProgress });
}
