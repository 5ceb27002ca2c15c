import { MAX_BACKOFF_SECONDS } from '../../lambdas/runtime/retry-policy.ts';
import { readLogLines } from '../orders/log-lines.ts';
import { parseOutcome, type TracedAttempt } from '../orders/trace.ts';
import type { DeployedShop } from '../stack.ts';

const RETRIED = 'will be tried again' satisfies TracedAttempt['outcome'];
// An attempt that is due may have begun, and is logged when it ends.
const ATTEMPT_MS = 10_000;

/** Finds the orders that have a message which is hidden until its next attempt, as the consumers' logs tell, oldest first. */
export async function readRetriedOrders(shop: DeployedShop): Promise<string[]> {
  const until = Date.now();
  const from = until - MAX_BACKOFF_SECONDS * 1_000 - ATTEMPT_MS;
  return retriedOrders(await readLogLines(shop, RETRIED, { from, until }), until);
}

/** Returns the orders of log lines that announce an attempt which is still to come. */
export function retriedOrders(lines: readonly string[], nowMs: number): string[] {
  const announced = lines
    .flatMap((line) => parseOutcome(line) ?? [])
    .filter(
      ({ message, time, retryInSeconds = 0 }) =>
        message === RETRIED && Date.parse(time) + retryInSeconds * 1_000 + ATTEMPT_MS >= nowMs,
    )
    .sort((one, other) => Date.parse(one.time) - Date.parse(other.time));
  return [...new Set(announced.map(({ orderId }) => orderId))];
}
