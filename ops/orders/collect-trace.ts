import { shellArgument } from '../command.ts';
import { connectAllQueues } from '../dlq/parking-queue.ts';
import { InterruptedError, toUserMessage } from '../errors.ts';
import type { DeployedShop } from '../stack.ts';
import { type FindTraceOptions, type FindTraceResult, findTrace } from './find-trace.ts';
import { startFailureLines } from './start-failures.ts';
import type { Trace } from './trace.ts';
import { addDeadLetters, type FoundDeadLetters, findDeadLetters } from './trace-dead-letters.ts';

export type CollectTraceOptions = FindTraceOptions & {
  /** Finds the order's dead letters. @default searches the dead-letter queues */
  findLetters?: () => Promise<FoundDeadLetters>;
};

/** Neither records nor logs nor dead-letter queues know the order. */
export class UnknownOrderError extends Error {
  override name = 'UnknownOrderError';
}

/**
 * Collects an order's trace from the consumers' records, the functions' logs and the dead-letter queues, with a sentence for all that could
 * not be read. Throws `UnknownOrderError` where nothing knows the order.
 */
export async function collectTrace(
  shop: DeployedShop,
  orderId: string,
  options: CollectTraceOptions,
): Promise<{ trace: Trace; notices: string[] }> {
  const { findLetters = () => findDeadLetters(connectAllQueues(shop), orderId, options.signal) } = options;
  const found = await findTrace(shop, orderId, options);
  const letters = await searchLetters(orderId, findLetters);
  const trace = addDeadLetters(found.trace, orderId, letters.deadLetters);
  if (trace === undefined) throw new UnknownOrderError(unknownText(shop, orderId, found, options));
  const logNotice = `The functions' logs could not be read, so attempts are not shown: ${toUserMessage(found.logError)}`;
  return { trace, notices: [...(found.logError === undefined ? [] : [logNotice]), ...letters.notices] };
}

/** Searches for an order's dead letters; what could not be searched is said, and ends no trace. */
async function searchLetters(orderId: string, findLetters: () => Promise<FoundDeadLetters>) {
  try {
    const { deadLetters, incomplete } = await findLetters();
    if (incomplete.length === 0) return { deadLetters, notices: [] };
    const all = `npm run ops -- dlq list --order ${shellArgument(orderId)}`;
    return {
      deadLetters,
      notices: [`Not all dead letters of ${incomplete.join(', ')} could be searched: ${all}`],
    };
  } catch (error) {
    if (error instanceof InterruptedError) throw error;
    return { deadLetters: [], notices: [`The dead-letter queues could not be searched: ${toUserMessage(error)}`] };
  }
}

function unknownText(
  { where }: DeployedShop,
  orderId: string,
  { logError, cannotStart = [] }: FindTraceResult,
  { waitSeconds, logHours }: CollectTraceOptions,
): string {
  const waited = waitSeconds === undefined ? '' : ` after ${waitSeconds} s`;
  const advice =
    logError !== undefined
      ? 'nor is it in a dead-letter queue: check the id'
      : `nor is it in a dead-letter queue or the functions' logs of the last ${logHours} h: check the id, or search further back with --hours`;
  const unknown = `No order ${orderId} is known at ${where}${waited}, ${advice}.`;
  return [unknown, ...startFailureLines(cannotStart)].join('\n');
}
