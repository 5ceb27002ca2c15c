import { GetEventSourceMappingCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { callLimits } from '../runtime/call-limits.ts';
import { writeLines } from '../runtime/log.ts';
import { valueLine } from '../runtime/metrics.ts';

const HOUR_MS = 3_600_000;

/**
 * Builds what measures how long consumers have not taken messages, because their event source mapping is disabled: by `ops pause`, or by hand.
 * `mappings` are the UUIDs by the consumer's name. The longest is the metric `PausedHours`, of which nothing is written while all are enabled.
 */
export function pauseReporter(
  mappings: Readonly<Record<string, string>>,
  client: Pick<LambdaClient, 'send'> = new LambdaClient(callLimits()),
  now: () => number = Date.now,
): () => Promise<void> {
  return async () => {
    const hours: number[] = [];
    for (const UUID of Object.values(mappings)) {
      const { State, LastModified } = await client.send(new GetEventSourceMappingCommand({ UUID }));
      if (State !== 'Disabled' || LastModified === undefined) continue;
      hours.push((now() - LastModified.getTime()) / HOUR_MS);
    }
    if (hours.length > 0) writeLines([valueLine('sweep', { PausedHours: Math.max(0, ...hours) }, 'paused', now())]);
  };
}
