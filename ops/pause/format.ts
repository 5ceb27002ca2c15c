import { QUEUE_RETENTION_DAYS } from '../../lambdas/runtime/retry-policy.ts';
import { counted, formatAge } from '../format.ts';
import type { QueueDepth } from '../queues.ts';
import type { Resumed } from './pause.ts';
import { describePause, type Pause } from './record.ts';

/** Says that a consumer is paused, and what happens to its messages; `before` is the pause that was in force already. */
export function formatPaused(
  consumer: string,
  pause: Pause,
  { before, depth: { waiting, inFlight, delayed } }: { before: Pause | undefined; depth: QueueDepth },
): string {
  if (before === pause) return `${consumer} is already ${describePause(pause)}. Nothing was changed.`;
  return [
    `${consumer} is ${describePause(pause)}.`,
    ...(before === undefined ? [] : [`It was ${describePause(before)}.`]),
    `${counted(waiting + delayed, 'message waits', 'messages wait')} now, and what comes does too, for ${QUEUE_RETENTION_DAYS} days at most.`,
    ...(inFlight === 0
      ? []
      : [`${inFlight} are in flight: what is being handled finishes, and what is to be tried again waits.`]),
    `\`npm run ops -- status\` says until when that does no harm, \`npm run ops -- resume ${consumer}\` ends it.`,
  ].join('\n');
}

/** Says that a consumer takes messages again, and how long its backlog takes. */
export function formatResumed({ consumer, changed, messages, estimatedSeconds }: Resumed): string {
  if (!changed) return `${consumer} is not paused. Nothing was changed.`;
  if (messages === 0) return `${consumer} takes messages again. None waits.`;
  const duration =
    estimatedSeconds === null
      ? 'how long they take is unknown, because nothing was measured in the day before'
      : `done in about ${formatAge(estimatedSeconds)}, if each takes as long as in the day before`;
  return `${consumer} takes messages again. ${counted(messages, 'message waits', 'messages wait')}: ${duration}.`;
}
