import type { Channel } from '../../contracts/cloud-event.ts';
import type { Wrapping } from '../../contracts/parse.ts';
import { plural } from '../format.ts';
import type { ExplainedRoute, Explanation } from './explanation.ts';

const CHANNELS = { topic: 'the orders topic', bus: 'the bus', lifecycle: 'the lifecycle topic' };
const VERDICTS = { yes: 'gets it', no: 'does not get it', depends: 'may get it' };

/** Formats an explanation as a tree. */
export function formatExplanation({
  type,
  known,
  bareOrder,
  means,
  channel,
  at,
  contract,
  wrappings,
  routes,
  notReady,
}: Explanation): string {
  const lines = [
    `${type ?? 'A message without a type'}${means === undefined ? '' : `: ${means}`}`,
    `published on ${CHANNELS[channel]}, ${at.split(':').at(-1)}`,
  ];
  if (bareOrder) lines.push('It is a bare order, explained as the event that `place` makes of it.');
  if (wrappings !== undefined) lines.push(...wrappingLines(wrappings, channel));
  if (contract?.accepts) lines.push('It keeps its contract.');
  if (contract && !contract.accepts && known) lines.push(`It breaks its contract: ${contract.problems.join('; ')}`);
  // An unknown type without a body, or one whose body has no type that can be read.
  if (!known && contract !== undefined && !contract.accepts && type === undefined) lines.push(...contract.problems);
  if (!known) {
    lines.push(
      'No contract has this type. Only the consumer without a filter receives it, and dead-letters it there with its reason.',
    );
  }
  routes.forEach((route, index) => {
    const last = index === routes.length - 1;
    lines.push(`${last ? '└─' : '├─'} ${route.to} ${VERDICTS[route.gets]}`);
    for (const detail of routeDetails(route)) lines.push(`${last ? '  ' : '│ '}    ${detail}`);
  });
  for (const { consumer, why } of notReady) lines.push(`${consumer} is not ready: it ${why}`);
  return lines.join('\n');
}

function wrappingLines(wrappings: readonly Wrapping[], channel: Channel): string[] {
  return [
    `It is not bare (${wrappings.join(', ')}): consumers unwrap it, but filters see the body as it is sent.`,
    ...(wrappings.includes('SNS envelope')
      ? ['An SNS envelope arrives where raw delivery is off for a subscription.']
      : []),
    ...(channel === 'topic'
      ? ['On the orders topic, order publishes the bare event once more, so that it reaches every consumer.']
      : []),
  ];
}

function routeDetails(route: ExplainedRoute): string[] {
  const { gets, why, name, filter, queue, permission, undeliverable, unreadable, deadLetters, reception } = route;
  const filtered = filter === undefined ? 'no filter' : `filter ${truncate(JSON.stringify(filter))}`;
  if (gets === 'no') return [`${name}: ${why.join('; ')}`];
  const lines = [`${name}, ${filtered}`, ...why];
  if (queue !== undefined) {
    const known = unreadable === undefined ? `permission to send: ${permission}` : `cannot be read: ${unreadable}`;
    lines.push(`queue ${queue} (${known})`);
  }
  lines.push(
    `cannot be delivered: ${undeliverable === undefined ? 'lost, no dead-letter queue' : `to ${undeliverable}`}`,
  );
  lines.push(...readerLines(route));
  if (deadLetters) lines.push(`after ${plural(deadLetters.receives, 'receive')}: to ${deadLetters.queue}`);
  if (reception?.accepts === false) lines.push(`dead-lettered at once: ${reception.problems.join('; ')}`);
  return lines;
}

function readerLines({ partner, queue, unreadable, functions }: ExplainedRoute): string[] {
  const lines = functions.map(({ name, state, batchSize }) => {
    const waits = state === 'Enabled' ? '' : ': messages wait in the queue';
    return `function ${name}, up to ${batchSize ?? '?'} at once, ${state.toLowerCase()}${waits}`;
  });
  if (partner) lines.push("a partner's: its own service reads this queue, and no function of the stack does");
  else if (queue !== undefined && unreadable === undefined && functions.length === 0)
    lines.push('no function receives from this queue');
  return lines;
}

const truncate = (text: string) => (text.length > 160 ? `${text.slice(0, 159)}…` : text);
