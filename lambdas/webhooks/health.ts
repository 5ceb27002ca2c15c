import { describeForLog } from '../runtime/failure.ts';
import { log } from '../runtime/log.ts';
import { NAMESPACE } from '../runtime/metrics.ts';
import { MIN_ATTEMPTS } from '../runtime/retry-policy.ts';
import { DISABLE_AFTER_HOURS, DISABLED_METRIC, type EndpointRecord } from './endpoint-record.ts';
import type { EndpointTable } from './endpoint-table.ts';

/** Knows whether an endpoint is disabled, and disables it where it fails for days. */
export type EndpointHealth = {
  /** Returns the record of an endpoint. A disabled one is read anew in every invocation, so that what is redriven after `enable` is posted. */
  recordOf(invokedAtMs: number): Promise<EndpointRecord | undefined>;
  /** An event was taken. */
  succeeded(): Promise<void>;
  /** A message was posted in vain, at its `attempt`th receipt. */
  failed(attempt: number): Promise<void>;
  /** The endpoint takes no more events. */
  gone(): Promise<void>;
};

const CACHE_MS = 10_000;

// An endpoint that fails now and then costs two writes a minute, however many events it gets.
const QUIET_MS = 60_000;

/** Keeps the health of an endpoint, with a read every ten seconds and a write only where it changes. */
export function endpointHealth(endpoint: string, table: EndpointTable, now = Date.now): EndpointHealth {
  let known: { record: EndpointRecord | undefined; readAt: number } | undefined;
  let reading: Promise<EndpointRecord | undefined> | undefined;
  let succeededAt = Number.NEGATIVE_INFINITY;

  const read = async (): Promise<EndpointRecord | undefined> => {
    const readAt = now();
    const record = await table.read(endpoint);
    known = { record, readAt };
    return record;
  };
  /** Replaces what is known before it is written, so that the messages of a batch write it once. */
  const change = async (record: EndpointRecord, write: () => Promise<unknown>): Promise<void> => {
    known = { record, readAt: now() };
    try {
      await write();
    } catch (error) {
      // The event was posted or not, whatever the table knows; the next answer is recorded again.
      known = undefined;
      log.warn('the state of an endpoint could not be recorded', {
        consumer: 'webhooks',
        endpoint,
        ...describeForLog(error),
      });
    }
  };
  const disable = (reason: string, failingSince?: string) => {
    const at = new Date(now()).toISOString();
    const by = { at, reason, ...(failingSince === undefined ? {} : { failingSince }) };
    return change({ endpoint, disabledAt: at, disabledReason: reason }, async () => {
      if (await table.disable(endpoint, by)) logDisabled(endpoint, reason, now());
      else known = undefined;
    });
  };

  return {
    async recordOf(invokedAtMs) {
      const isFresh = known !== undefined && now() - known.readAt < CACHE_MS;
      if (known !== undefined && isFresh && (known.record?.disabledAt === undefined || known.readAt >= invokedAtMs))
        return known.record;
      reading ??= read().finally(() => {
        reading = undefined;
      });
      return reading;
    },

    async succeeded() {
      succeededAt = now();
      if (known?.record?.failingSince === undefined) return;
      const { failingSince: _, ...rest } = known.record;
      await change(rest, () => table.noteSuccess(endpoint));
    },

    async failed(attempt) {
      const { failingSince, disabledAt } = known?.record ?? {};
      const at = now();
      if (disabledAt !== undefined) return;
      if (failingSince === undefined) {
        if (at - succeededAt < QUIET_MS) return;
        const since = new Date(at).toISOString();
        await change({ endpoint, failingSince: since }, () => table.noteFailure(endpoint, since));
        return;
      }
      // A message that was tried so often has met the whole outage; the function may have been paused for days.
      const isForDays = at - Date.parse(failingSince) >= DISABLE_AFTER_HOURS * 3_600_000;
      if (isForDays && attempt >= MIN_ATTEMPTS) await disable(`it took nothing since ${failingSince}`, failingSince);
    },

    gone: () => disable('it answered 410 Gone'),
  };
}

function logDisabled(endpoint: string, reason: string, atMs: number): void {
  log.error(`the endpoint ${endpoint} is disabled: ${reason}`, {
    consumer: 'webhooks',
    endpoint,
    [DISABLED_METRIC]: 1,
    _aws: {
      Timestamp: atMs,
      CloudWatchMetrics: [
        {
          Namespace: NAMESPACE,
          Dimensions: [['consumer'], ['consumer', 'endpoint']],
          Metrics: [{ Name: DISABLED_METRIC, Unit: 'Count' }],
        },
      ],
    },
  });
}
