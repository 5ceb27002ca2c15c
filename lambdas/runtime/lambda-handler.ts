import { describeForLog } from './failure.ts';
import { log } from './log.ts';
import { NAMESPACE } from './metrics.ts';
import { CAPTURED_FRAMES } from './stack-frames.ts';

/** The message of the log line that each invocation of such a function writes; `ops status` and `ops trace` look for it. */
export const CANNOT_START = 'the function cannot start';

/**
 * Sets a function up while its module is loaded, in Lambda's init phase, and returns its handler. Where that throws, because a variable is
 * missing for instance, Lambda would count an error and log it only in a form of its own; so each invocation logs the cause, counts it as
 * the metric `StartFailed`, and fails: its messages stay in their queue, and are received again after the visibility timeout.
 */
export function lambdaHandler<Args extends unknown[], Result>(
  name: string,
  setUp: () => (...args: Args) => Promise<Result>,
): (...args: Args) => Promise<Result> {
  Error.stackTraceLimit = CAPTURED_FRAMES;
  try {
    return setUp();
  } catch (reason) {
    return async () => {
      logStartFailure(name, reason);
      throw reason;
    };
  }
}

function logStartFailure(consumer: string, reason: unknown): void {
  log.error(CANNOT_START, {
    consumer,
    ...describeForLog(reason),
    StartFailed: 1,
    _aws: {
      Timestamp: Date.now(),
      CloudWatchMetrics: [
        {
          Namespace: NAMESPACE,
          Dimensions: [['consumer']],
          Metrics: [{ Name: 'StartFailed', Unit: 'Count' }],
        },
      ],
    },
  });
}
