import type { BreakerState, BreakerTransition } from './circuit-breaker.ts';
import { log } from './log.ts';
import { NAMESPACE } from './metrics.ts';

const STATE_VALUES: Record<BreakerState, number> = { closed: 0, 'half-open': 0.5, open: 1 };

/**
 * Writes a breaker's transitions to the log, and with each the consumer's metric `CircuitBreakerOpen`
 * (1 open, 0.5 half-open, 0 closed) in CloudWatch's embedded metric format.
 */
export const logBreakerTransitions =
  (consumer: string) =>
  ({ downstream, from, to, openSeconds }: BreakerTransition): void => {
    const opened = openSeconds === undefined ? '' : ` for about ${openSeconds} s`;
    log.warn(`circuit breaker of ${downstream}: ${from} to ${to}${opened}`, {
      consumer,
      downstream,
      CircuitBreakerOpen: STATE_VALUES[to],
      _aws: {
        Timestamp: Date.now(),
        CloudWatchMetrics: [
          {
            Namespace: NAMESPACE,
            Dimensions: [['consumer']],
            Metrics: [{ Name: 'CircuitBreakerOpen', Unit: 'None' }],
          },
        ],
      },
    });
  };
