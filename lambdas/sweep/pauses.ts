import { GetEventSourceMappingCommand, LambdaClient, ResourceNotFoundException } from '@aws-sdk/client-lambda';
import { callLimits } from '../runtime/call-limits.ts';
import { log, writeLines } from '../runtime/log.ts';
import { valueLine } from '../runtime/metrics.ts';
import { QUEUE_RETENTION_DAYS } from '../runtime/retry-policy.ts';

const HOUR_MS = 3_600_000;
// Since when a mapping is gone nobody knows; by then its queue has begun to lose messages.
const GONE_HOURS = QUEUE_RETENTION_DAYS * 24;

/**
 * Builds what measures how long consumers have not taken messages, because their event source mapping is disabled, by `ops pause` or by hand, or gone.
 * `mappings` are the UUIDs by the consumer's name. The longest is the metric `PausedHours`, of which nothing is written while all are enabled.
 */
export function pauseReporter(
  mappings: Readonly<Record<string, string>>,
  client: Pick<LambdaClient, 'send'> = new LambdaClient(callLimits()),
  now: () => number = Date.now,
): () => Promise<void> {
  return async () => {
    const hours: number[] = [];
    for (const [consumer, UUID] of Object.entries(mappings)) {
      const mapping = await client.send(new GetEventSourceMappingCommand({ UUID })).catch(ifGone);
      if (mapping === undefined) {
        log.warn('the event source mapping is gone', { consumer });
        hours.push(GONE_HOURS);
        continue;
      }
      const { State, LastModified } = mapping;
      if (State !== 'Disabled' || LastModified === undefined) continue;
      hours.push((now() - LastModified.getTime()) / HOUR_MS);
    }
    if (hours.length > 0) writeLines([valueLine('sweep', { PausedHours: Math.max(0, ...hours) }, 'paused', now())]);
  };
}

function ifGone(error: unknown): undefined {
  if (!(error instanceof ResourceNotFoundException)) throw error;
}
