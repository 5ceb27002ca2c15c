import { tryParse } from '../../contracts/parse.ts';

/** A line that a consumer logged about a probe; `time` in milliseconds since 1970. */
export type ProbeAnswer = {
  kind: 'acknowledged' | 'dead-lettered' | 'not dead-lettered' | 'expired';
  consumer: string;
  type: string;
  time: number;
};

const KINDS = ['acknowledged', 'dead-lettered', 'not dead-lettered', 'expired'] as const;

/** Reads the answers to a run's probes from log lines. */
export const answersIn = (lines: readonly string[], nonce: string): ProbeAnswer[] =>
  lines.flatMap((line) => {
    const { message, probe, consumer, eventType, time } = fieldsOf(line);
    const kind = KINDS.find((one) => message === `probe ${one}`);
    if (kind === undefined || probe !== nonce) return [];
    return [{ kind, consumer: String(consumer), type: String(eventType), time: Date.parse(String(time)) }];
  });

function fieldsOf(line: string): Record<string, unknown> {
  const parsed = tryParse(line.slice(Math.max(0, line.indexOf('{'))));
  return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
}
