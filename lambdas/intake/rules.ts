import { createHash } from 'node:crypto';
import { catalog } from '../../contracts/catalog.ts';
import type { CloudEvent } from '../../contracts/cloud-event.ts';
import { ContractError, parseEvent } from '../../contracts/parse.ts';
import { PROBE_SOURCE } from '../runtime/probe.ts';
import { Refusal } from './refusal.ts';
import type { IntakeRequest } from './request.ts';
import type { Scheme } from './scheme.ts';
import type { IntakeScheme, IntakeSender } from './sender.ts';

/** The most bytes of a body, and of what is published: SNS takes no more (https://docs.aws.amazon.com/sns/latest/dg/large-message-payloads.html). */
export const MAX_BYTES = 262_144;

/** For how many days a used id is remembered: longer than any of the senders repeats a request. */
const REMEMBERED_DAYS = 7;

const SECONDS_PER_DAY = 86_400;

/** An id that a sender used, and for what. `done`: it is published. Times are in seconds since 1970. */
export type Claim = { entry: string; digest: string; eventId: string; expiresAt: number; done?: boolean };

/** What was taken in, by sender and id, and how many requests came. */
export type Ledger = {
  /** Counts a request under an entry, and returns how many there were. */
  count(entry: string, expiresAt: number): Promise<number>;
  /** Records an id where it is new; returns what an earlier request recorded. */
  claim(claim: Claim): Promise<Pick<Claim, 'digest' | 'done'> | undefined>;
  /** Records that the event of a claim is published. */
  complete(entry: string): Promise<void>;
};

export type IntakeDependencies = {
  senders: ReadonlyMap<string, IntakeSender>;
  schemes: Readonly<Record<IntakeScheme, Scheme>>;
  /** Returns the texts with which a sender may sign. */
  readSecrets(sender: string): Promise<readonly string[]>;
  ledger: Ledger;
  publish(message: string): Promise<void>;
  /** In milliseconds since 1970. */
  now(): number;
};

/** What a request is answered with. */
export type IntakeAnswer = {
  status: number;
  body: object;
  headers?: Readonly<Record<string, string>>;
  /** The event that was published, now or before. */
  event?: CloudEvent;
};

/** A sender that the settings name. */
export type NamedSender = IntakeSender & { name: string };

/** Returns the sender that a request is addressed to. */
export function senderOf({ method, path }: IntakeRequest, senders: IntakeDependencies['senders']): NamedSender {
  const name = path.slice(1);
  const sender = senders.get(name);
  if (sender === undefined) throw new Refusal(404, 'there is no such sender');
  if (method !== 'POST') throw new Refusal(405, 'only POST is taken here', { allow: 'POST' });
  return { name, ...sender };
}

/**
 * Takes in one request of a sender, cheapest checks first, so that nothing is read of a message, written or counted for the sender before its
 * signature is known to be right. Throws `Refusal` or `ContractError` where the sender has to change something; anything else means that the
 * sender may repeat the request as it is.
 */
export async function takeIn(
  request: IntakeRequest,
  sender: NamedSender,
  { schemes, readSecrets, ledger, publish, now }: Omit<IntakeDependencies, 'senders'>,
): Promise<IntakeAnswer> {
  assertSize(request.body.length, 'the body');
  const scheme = schemes[sender.scheme];
  const secrets = await readSecrets(sender.name);
  scheme.check(request, secrets, now());
  await assertRate(sender, ledger, now());

  const reading = await scheme.read(request, secrets);
  if ('ignored' in reading) return { status: 202, body: reading };
  const event = parseTopicEvent(reading.text);
  const message = serialize(event);
  assertSize(Buffer.byteLength(message), 'the message');

  const expiresAt = Math.floor(now() / 1000) + REMEMBERED_DAYS * SECONDS_PER_DAY;
  const digest = createHash('sha256').update(reading.content).digest('base64url');
  const claim = (kind: string, id: string) =>
    assertUnused(ledger, { entry: `${sender.name}/${kind}/${id}`, digest, eventId: event.id, expiresAt });
  if (reading.deliveryId !== undefined) await claim('delivery', reading.deliveryId);
  const { entry, done } = await claim('event', event.id);
  if (!done) {
    await publish(message);
    await ledger.complete(entry);
  }
  return { status: 202, body: { id: event.id }, event };
}

function assertSize(bytes: number, what: string): void {
  if (bytes > MAX_BYTES) throw new Refusal(413, `${what} has ${bytes} bytes; at most ${MAX_BYTES} are taken`);
}

/** Counts a signed request in its minute, and refuses those beyond what the sender may send in one. */
async function assertRate({ name, perMinute }: NamedSender, ledger: Ledger, now: number): Promise<void> {
  const seconds = Math.floor(now / 1000);
  const minute = Math.floor(seconds / 60);
  const count = await ledger.count(`${name}/minute/${minute}`, seconds + SECONDS_PER_DAY);
  if (count <= perMinute) return;
  const retryAfter = (minute + 1) * 60 - seconds;
  throw new Refusal(429, `at most ${perMinute} requests a minute are taken from ${name}`, {
    'retry-after': String(retryAfter),
  });
}

/** Claims an id; refuses it where it was used for something else. */
async function assertUnused(ledger: Ledger, claim: Claim): Promise<Claim> {
  const earlier = await ledger.claim(claim);
  if (earlier !== undefined && earlier.digest !== claim.digest)
    throw new Refusal(409, 'the id was used before, with another body: a new message needs a new id');
  return { ...claim, done: earlier?.done === true };
}

const topicContracts = catalog.filter(({ channel }) => channel === 'topic');

/** Parses an event that services may publish on the orders topic. */
function parseTopicEvent(text: string): CloudEvent {
  const event: CloudEvent = parseEvent(text, topicContracts);
  if (event.source !== PROBE_SOURCE) return event;
  throw new ContractError([{ path: 'source', problem: `must not be ${PROBE_SOURCE}, which is that of probes` }]);
}

/** Serializes an event, unless an extension of it is nested so deeply that serializing it overflows the stack. */
function serialize(event: CloudEvent): string {
  try {
    return JSON.stringify(event);
  } catch {
    throw new ContractError([{ path: 'body', problem: 'is nested too deeply' }]);
  }
}
