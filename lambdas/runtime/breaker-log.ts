import type { BreakerState, Transition } from './circuit-breaker.ts';
import { log } from './log.ts';

const STATE_VALUES: Record<BreakerState, number> = { closed: 0, 'half-open': 0.5, open: 1 };

/**
 * Writes a breaker's transition to the log, and with it the metric `CircuitBreakerOpen` per downstream (1 open, 0.5 half-open,
 * 0 closed) in CloudWatch's embedded metric format
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
 */
export function logTransition({ downstream, from, to, openSeconds }: Transition): void {
  const opened = openSeconds === undefined ? '' : ` for about ${openSeconds} s`;
  log.warn(`circuit breaker of ${downstream}: ${from} to ${to}${opened}`, {
    downstream,
    CircuitBreakerOpen: STATE_VALUES[to],
    _aws: {
      Timestamp: Date.now(),
      CloudWatchMetrics: [
        {
          Namespace: 'ShopMessaging',
          Dimensions: [['downstream']],
          Metrics: [{ Name: 'CircuitBreakerOpen', Unit: 'None' }],
        },
      ],
    },
  });
}
