import { totalMessages } from '../queues.ts';
import type { ConsumerState, ShopStatus } from './collect.ts';
import { RATE_MINUTES } from './figures.ts';

/** Something that is wrong: with which consumer, in a word, in a sentence, and the command to run next. */
export type Problem = { consumer: string; state: string; sentence: string; next: string };

/** A message that waits longer than this, in seconds, is trouble: in a shop that is well it takes a few. */
const LONG_SECONDS = 120;
/** Where this part of the tries fails, 0 to 1, it is trouble. A few always fail: two writers met, a network blinked. */
const MANY_FAIL = 0.1;

/** Takes the shop as it was seen and names all that is wrong, the worst first. */
export function problems({ consumers, gatewayDown, oldestOrder }: ShopStatus): Problem[] {
  const found = consumers.flatMap((consumer) => consumerProblems(consumer, gatewayDown, oldestOrder));
  const letters = consumers.filter(({ deadLetters }) => deadLetters > 0);
  return [
    ...found,
    ...letters.map(({ name, deadLetters }) => ({
      consumer: name,
      state: 'dead letters',
      sentence: counted(deadLetters, 'dead letter'),
      next: 'npm run ops -- dlq list',
    })),
  ];
}

/** The one thing that says most about a consumer that does not get on; what follows from it is not said again. */
function consumerProblems(consumer: ConsumerState, gatewayDown: boolean, oldestOrder: string | undefined): Problem[] {
  const { name, mapping, breaker, oldestSeconds, errorRate } = consumer;
  const because = (state: string, sentence: string, next: string): Problem[] => [
    { consumer: name, state, sentence: [sentence, ...backlog(consumer)].join(', '), next },
  ];
  const look = oldestOrder === undefined ? 'npm run ops -- status --watch' : `npm run ops -- trace ${oldestOrder}`;
  if (mapping === undefined) return because('not connected', 'nothing hands its messages to a function', DEPLOY);
  if (!mapping.on) {
    const on = `aws lambda update-event-source-mapping --uuid ${mapping.uuid} --enabled`;
    return because('switched off', 'it is switched off', on);
  }
  if (name === 'payment' && gatewayDown) {
    return because('gateway down', 'the sandbox gateway is down', 'npm run ops -- sandbox payment up');
  }
  if (breaker === 'open') return because('breaker open', 'its circuit breaker is open', look);
  if (errorRate !== null && errorRate >= MANY_FAIL && totalMessages(consumer) > 0) {
    const share = `${Math.round(errorRate * 100)}%`;
    return because('failing', `${share} of its tries failed in the last ${RATE_MINUTES} minutes`, look);
  }
  return (oldestSeconds ?? 0) >= LONG_SECONDS ? because('slow', 'it does not keep up', look) : [];
}

const DEPLOY = 'npx cdk deploy (on this machine: npm run ops -- up)';

function backlog(consumer: ConsumerState): string[] {
  const { oldestSeconds } = consumer;
  const count = totalMessages(consumer);
  if (count === 0) return [];
  const since = oldestSeconds === null ? '' : `, the oldest for ${duration(oldestSeconds)}`;
  return [`${counted(count, 'message')} not done${since}`];
}

/** Takes what is wrong and gives the last lines of the status: what it is, and the command to run next. */
export function verdict(found: readonly Problem[]): string {
  if (found.length === 0) return 'All is well.';
  return [...Map.groupBy(found, ({ next }) => next)]
    .map(([next, same]) => `${same.map(({ consumer, sentence }) => `${consumer}: ${sentence}`).join('; ')}: ${next}`)
    .join('\n');
}

/** A time as people say it: 40 s, 4 min, 3 h. */
export function duration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}

const counted = (count: number, what: string) => `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;
