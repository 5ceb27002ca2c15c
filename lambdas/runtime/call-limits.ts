/** How long one attempt of a call to AWS may take, in milliseconds. */
const ATTEMPT_MS = 4_500;

/** How many attempts the SDK makes by default. */
const ATTEMPTS = 3;

/** How many attempts the SDK makes of a call to DynamoDB by default. */
export const DYNAMODB_ATTEMPTS = 4;

// The SDK's longest pause after a throttled first attempt; each further one is twice as long.
const PAUSE_MS = 1_000;

export type CallLimits = {
  /** @default 3 */
  attempts?: number;
  /** How long an attempt may take, connecting included. @default 4500 */
  attemptMs?: number;
  /** Whether a connection is used again. @default true */
  keepAlive?: boolean;
};

/**
 * Returns the part of an SDK client's configuration that ends its calls: without it a call to a host that does not answer lasts for as long
 * as the process does. Every client of a function gets it.
 */
export function callLimits({ attempts = ATTEMPTS, attemptMs = ATTEMPT_MS, keepAlive = true }: CallLimits = {}) {
  return {
    maxAttempts: attempts,
    requestHandler: {
      connectionTimeout: attemptMs / 2,
      requestTimeout: attemptMs,
      throwOnRequestTimeout: true,
      ...(keepAlive ? {} : { httpsAgent: { keepAlive }, httpAgent: { keepAlive } }),
    },
  };
}

/** Computes how long a call may take, in milliseconds, if every attempt hangs and every pause is the longest. */
export const longestCallMs = ({ attempts = ATTEMPTS, attemptMs = ATTEMPT_MS }: CallLimits = {}): number =>
  attempts * attemptMs + PAUSE_MS * (2 ** (attempts - 1) - 1);
