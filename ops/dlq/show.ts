import { print } from '../output.ts';
import { type Letter, orderIdOf, parsed } from './letter.ts';
import { harmless, maskedBody } from './mask.ts';
import { outgoing } from './outgoing.ts';

const FOR_PEOPLE = 20;

/** Prints letters, the oldest failure first. Personal data only where it was asked for. */
export function show(
  letters: readonly Letter[],
  how: { json?: boolean | undefined; reveal?: boolean | undefined; limit?: number | undefined },
): void {
  const { json, reveal = false, limit = json ? letters.length : FOR_PEOPLE } = how;
  const sorted = [...letters].sort((one, other) => (one.failedAt < other.failedAt ? -1 : 1)).slice(0, limit);
  print(
    json,
    sorted.map((letter) => asJson(letter, reveal)),
    () => {
      if (letters.length === 0) return 'There are no such dead letters.';
      const more = letters.length > sorted.length ? [`… and ${letters.length - sorted.length} more: --limit <n>.`] : [];
      return [...sorted.map((letter) => asText(letter, reveal)), ...more].join('\n\n');
    },
  );
}

/** What `dlq show --json` says of a letter: `body` is the message's text, masked unless it is to be revealed. */
export function asJson(letter: Letter, reveal: boolean) {
  const { id, consumer, errorType, reason, failedAt, attempts, system, body } = letter;
  return {
    messageId: id,
    consumer,
    errorType,
    reason,
    failedAt,
    ...(attempts === undefined ? {} : { attempts }),
    ...(orderIdOf(letter) === undefined ? {} : { orderId: orderIdOf(letter) }),
    ...(system.MessageGroupId === undefined ? {} : { group: system.MessageGroupId }),
    attributes: attributesOf(letter, reveal),
    body: reveal ? body : maskedBody(body),
  };
}

function asText(letter: Letter, reveal: boolean): string {
  const { id, consumer, errorType, reason, failedAt, attempts } = letter;
  const message = reveal ? parsed(letter.body) : undefined;
  const orderId = orderIdOf(letter);
  const facts: [string, string | undefined][] = [
    ['id', id],
    ['order', orderId],
    [
      'failed at',
      `${failedAt}${attempts === undefined ? '' : `, after ${attempts} ${attempts === 1 ? 'try' : 'tries'}`}`,
    ],
    ['error', `${errorType}: ${reason}`],
    ...Object.entries(attributesOf(letter, reveal)),
  ];
  const lines = [
    consumer,
    ...facts.flatMap(([name, value]) => (value === undefined ? [] : [`  ${name.padEnd(9)} ${value}`])),
    reveal ? (message === undefined ? letter.body : JSON.stringify(message, null, 2)) : maskedBody(letter.body, 2),
  ];
  return harmless(lines.join('\n'));
}

/** The publisher's attributes: those that say why the letter failed are told already. */
function attributesOf(letter: Letter, reveal: boolean): Record<string, string> {
  const entries = Object.entries(outgoing(letter).attributes).map(([name, { StringValue = '(binary)' }]) => [
    name,
    reveal ? StringValue : maskedBody(StringValue),
  ]);
  return Object.fromEntries(entries);
}
