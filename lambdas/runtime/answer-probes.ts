import type { SQSRecord } from 'aws-lambda';
import { type Level, logLine } from './log.ts';
import { isAwaited, PROBE_ERROR_TYPE, type Probe, readProbe } from './probe.ts';
import type { ConsumerQueue } from './queue.ts';

/** A message that is a probe. */
export type ReceivedProbe = { record: SQSRecord; probe: Probe };

const PROBE_ERROR_MESSAGE = 'a probe of `ops verify`, no message of the shop: the next run removes it';

/** Takes the probes out of a batch. */
export function separateProbes(records: readonly SQSRecord[]): { probes: ReceivedProbe[]; messages: SQSRecord[] } {
  const probes: ReceivedProbe[] = [];
  const messages: SQSRecord[] = [];
  for (const record of records) {
    const probe = readProbe(record.body);
    if (probe === undefined) messages.push(record);
    else probes.push({ record, probe });
  }
  return { probes, messages };
}

/** Returns a log line for each probe that asks this consumer; the log is where `ops verify` looks for it. */
export const acknowledgements = (consumer: string, probes: readonly ReceivedProbe[]): string[] =>
  probes
    .filter(({ probe }) => probe.consumer === consumer)
    .map((received) =>
      answerLine(received, 'INFO', received.probe.expect === 'acknowledge' ? 'probe acknowledged' : 'probe expired'),
    );

/**
 * Answers probes: dead-letters those that ask this consumer for it while somebody waits, and returns the log lines. Never throws, and every
 * probe is done afterwards: one that comes again would prove nothing.
 */
export async function answerProbes(
  consumer: string,
  queue: Pick<ConsumerQueue, 'deadLetter'>,
  probes: readonly ReceivedProbe[],
  now = Date.now(),
): Promise<string[]> {
  const isToBeDeadLettered = ({ probe }: ReceivedProbe) =>
    probe.consumer === consumer && probe.expect === 'dead-letter' && isAwaited(probe, now);
  const failing = probes.filter(isToBeDeadLettered);
  const lines = acknowledgements(
    consumer,
    probes.filter((received) => !isToBeDeadLettered(received)),
  );
  if (failing.length === 0) return lines;
  const why = { errorType: PROBE_ERROR_TYPE, errorMessage: PROBE_ERROR_MESSAGE };
  const accepted = await queue
    .deadLetter(failing.map(({ record }) => ({ record, ...why })))
    .catch(() => new Set<string>());
  const answers = failing.map((received) =>
    accepted.has(received.record.messageId)
      ? answerLine(received, 'INFO', 'probe dead-lettered')
      : answerLine(received, 'ERROR', 'probe not dead-lettered'),
  );
  return [...lines, ...answers];
}

const answerLine = ({ record, probe }: ReceivedProbe, level: Level, message: string): string =>
  logLine(level, message, {
    consumer: probe.consumer,
    eventType: probe.type,
    probe: probe.nonce,
    messageId: record.messageId,
  });
