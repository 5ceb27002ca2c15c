import { causeClause, type FunctionFailure } from '../function-failures.ts';
import { functionLogReader } from '../function-log.ts';
import type { ShopFunction } from '../functions.ts';
import type { DeployedShop } from '../stack.ts';

/** A consumer that cannot start, so that no attempt of it is in the log. */
export type StartFailure = { consumer: string } & Omit<FunctionFailure, 'cannotStart'>;

// They have no part in an order that waits.
const NO_CONSUMERS = ['archive', 'sweep'];

/** Finds the consumers that cannot start, as their logs of the last quarter of an hour tell. */
export async function readStartFailures(
  shop: DeployedShop,
  functions: readonly ShopFunction[],
  now = new Date(),
): Promise<StartFailure[]> {
  const readFunctionLog = functionLogReader(shop);
  const consumers = functions.filter(({ name }) => !NO_CONSUMERS.includes(name));
  const found = await Promise.all(
    consumers.map(async (fn) => {
      const { failure, logError } = await readFunctionLog(fn, now);
      if (logError !== undefined) throw new Error(logError);
      return { consumer: fn.name, failure };
    }),
  );
  return found.flatMap(({ consumer, failure }) => {
    if (!failure?.cannotStart) return [];
    const { cannotStart: _, ...error } = failure;
    return [{ consumer, ...error }];
  });
}

/** Leaves out the consumers that have handled a message of the order since. */
export const stillFailing = (
  failures: readonly StartFailure[],
  attempts: readonly { consumer: string; time: string }[],
): StartFailure[] =>
  failures.filter(
    (failure) => !attempts.some(({ consumer, time }) => consumer === failure.consumer && time > failure.time),
  );

/** Formats a line for each consumer that cannot start. */
export const startFailureLines = (failures: readonly StartFailure[]): string[] =>
  failures.map(
    ({ consumer, time, ...failure }) =>
      `${consumer} cannot start (${causeClause(failure)}; last at ${time}): read docs/runbook/function-errors.md`,
  );
