import { setTimeout as sleep } from 'node:timers/promises';
import type { Registry } from 'prom-client';
import { exposition } from './exposition.ts';
import type { Reading } from './reading.ts';

/** Answers scrapes; within `timeoutMs`, where that is given, whether the shop could be read by then or not. */
export type Exporter = { scrape(timeoutMs?: number): Promise<Registry> };

type ExporterOptions = {
  cloudWatch: boolean;
  /** Whoever asks within so many milliseconds of a reading gets that one, as does whoever asks while it is under way. */
  freshMs: number;
  /** Is told why the shop cannot be read, and when it can be again, once each. */
  tell(sentence: string): void;
};

/** Creates an exporter over a function that reads the shop. */
export function newExporter(read: () => Promise<Reading>, { cloudWatch, freshMs, tell }: ExporterOptions): Exporter {
  let failures = 0;
  let told: string | undefined;
  const note = (error: string | undefined) => {
    if (error !== told) tell(error ?? 'The shop can be read again.');
    told = error;
  };
  const readShared = shared(async () => {
    const reading = await read();
    const error = 'error' in reading ? reading.error : undefined;
    if (error !== undefined) failures += 1;
    note(error);
    return reading;
  }, freshMs);
  return {
    async scrape(timeoutMs) {
      const timer = new AbortController();
      const late =
        timeoutMs === undefined ? [] : [sleep(timeoutMs, undefined, { signal: timer.signal }).catch(() => undefined)];
      const reading = await Promise.race([readShared(), ...late]);
      timer.abort();
      if (reading === undefined) note('AWS does not answer within the time that a scrape may take.');
      return exposition({
        reading: reading === undefined || 'error' in reading ? undefined : reading,
        failures,
        cloudWatch,
      });
    },
  };
}

/** Returns a function whose callers share one call, while it is under way and for so long after it. */
function shared<T>(call: () => Promise<T>, freshMs: number): () => Promise<T> {
  let latest: Promise<T> | undefined;
  return () => {
    latest ??= call().finally(() => {
      // It keeps no process alive.
      setTimeout(() => {
        latest = undefined;
      }, freshMs).unref();
    });
    return latest;
  };
}
