import { hash } from 'node:crypto';
import { appendFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ulid } from 'ulid';
import * as v from 'valibot';
import { tryParse } from '../../contracts/parse.ts';
import { localFolder } from '../../localstack/engines.ts';
import { toUserMessage } from '../errors.ts';
import { lazily } from '../lazily.ts';
import { callerName } from '../pause/caller.ts';
import type { DeployedShop } from '../stack.ts';
import { describePlace } from '../where.ts';
import { bodyKeyOf, type DeadLetter, messageKeyOf, orderIdOf } from './dead-letter.ts';
import { connectAllQueues } from './parking-queue.ts';
import { planFor } from './plan.ts';
import { redactId } from './redact.ts';
import type { SentLetter } from './redrive.ts';

/** Where it is kept what was put back; readable by its owner alone. */
export const HISTORY_FILE = join(localFolder, 'redrives.jsonl');

/** Older lines than so many are dropped. */
const KEPT_LINES = 5_000;

const line = v.object({
  /** The redrive that it was part of. */
  run: v.string(),
  time: v.string(),
  who: v.string(),
  where: v.string(),
  how: v.picklist(['redrive', 'carefully']),
  consumer: v.string(),
  orderId: v.optional(v.string()),
  /** The dead letter's. */
  messageId: v.string(),
  /** A hash of the message as it was sent. */
  message: v.string(),
  edited: v.optional(v.boolean()),
  /** Why it was not put back. */
  why: v.optional(v.string()),
});
type Line = v.InferOutput<typeof line>;

export type HistoryOptions = {
  file?: string;
  /** Called with sentences for the operator. */
  notify?: ((message: string) => void) | undefined;
};

/** Writes down what one redrive puts back. No message is lost or kept back because of it: what cannot be written is only said, once. */
export class RedriveHistory {
  private readonly run = ulid();
  private readonly file: string;
  private readonly notify: (message: string) => void;
  private readonly origin: () => Promise<Pick<Line, 'who' | 'where'>>;
  private readonly how: Line['how'];
  private writing: Promise<void>;
  private failed = false;

  constructor(shop: DeployedShop, how: Line['how'], { file = HISTORY_FILE, notify = () => {} }: HistoryOptions = {}) {
    this.how = how;
    this.file = file;
    this.notify = notify;
    this.origin = lazily(async () => ({
      who: await callerName(shop).catch(() => 'unknown'),
      where: placeOf(shop),
    }));
    this.writing = this.attempt(() => dropOldLines(file));
  }

  /** Adds what was sent, or could not be. */
  readonly add = (sent: readonly SentLetter[]): void => {
    const time = new Date().toISOString();
    this.writing = this.writing.then(() =>
      this.attempt(async () => {
        const origin = await this.origin();
        const lines = sent.map((one) => ({ run: this.run, time, ...origin, how: this.how, ...describeSent(one) }));
        await mkdir(dirname(this.file), { recursive: true });
        await appendFile(this.file, lines.map((one) => `${JSON.stringify(one)}\n`).join(''), { mode: 0o600 });
      }),
    );
  };

  /** Waits until all is written. */
  end = (): Promise<void> => this.writing;

  private async attempt(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      if (!this.failed) this.notify(`What is put back could not be written to ${this.file}: ${toUserMessage(error)}`);
      this.failed = true;
    }
  }
}

const placeOf = (shop: DeployedShop): string => `${describePlace(shop)}, stack ${shop.stackName}`;

function describeSent(sent: SentLetter) {
  const { deadLetter, body, edited } = sent;
  const orderId = orderIdOf(deadLetter);
  return {
    consumer: deadLetter.consumer,
    ...(orderId === undefined ? {} : { orderId: redactId(orderId) }),
    messageId: deadLetter.id,
    message: hashOf(bodyKeyOf(body)),
    ...(edited ? { edited } : {}),
    ...('why' in sent ? { why: sent.why } : {}),
  };
}

const hashOf = (key: string): string => hash('sha256', key, 'base64url').slice(0, 22);

/** Keeps the newest lines, once there are a tenth too many. */
async function dropOldLines(file: string): Promise<void> {
  const lines = await readLines(file);
  if (lines.length <= KEPT_LINES * 1.1) return;
  const kept = `${file}.${process.pid}`;
  await writeFile(kept, `${lines.slice(-KEPT_LINES).join('\n')}\n`, { mode: 0o600 });
  await rename(kept, file);
}

async function readLines(file: string): Promise<string[]> {
  try {
    return (await readFile(file, 'utf8')).split('\n').filter((text) => text !== '');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/** One letter of a redrive: put back unless there is a `why`, and the dead letter it became again, where it has. */
export type PutBackLetter = Pick<Line, 'consumer' | 'orderId' | 'messageId' | 'edited' | 'why'> & {
  failedAgain?: { messageId: string; reason: string };
};

/** One redrive, with what became of its letters: of those put back some `failedAgain`, the others have not since. */
export type PastRedrive = Pick<Line, 'run' | 'time' | 'who' | 'how'> & {
  moved: number;
  notMoved: number;
  failedAgain: number;
  letters: PutBackLetter[];
};

/**
 * Reads what was put back in a shop from this machine, the newest redrive first, and compares it with the dead letters that are there now, parked or
 * not: those given, or those that a scan finds.
 */
export async function readHistory(
  shop: DeployedShop,
  { limit = 20, file = HISTORY_FILE, letters }: { limit?: number; file?: string; letters?: readonly DeadLetter[] } = {},
): Promise<PastRedrive[]> {
  const where = placeOf(shop);
  const lines = (await readLines(file)).flatMap((text) => {
    const { success, output } = v.safeParse(line, tryParse(text));
    return success && output.where === where ? [output] : [];
  });
  if (lines.length === 0) return [];
  const runs = [...Map.groupBy(lines, ({ run }) => run).values()].reverse().slice(0, limit);
  const there =
    letters ?? (await planFor(connectAllQueues(shop), () => true)).flatMap(({ deadLetters }) => deadLetters);
  const byMessage = Map.groupBy(there, (letter) => `${letter.consumer} ${hashOf(messageKeyOf(letter))}`);
  return runs.flatMap((run) => {
    const [first] = run;
    if (first === undefined) return [];
    const found = run.map((one) => putBackLetter(one, byMessage.get(`${one.consumer} ${one.message}`)));
    const count = (test: (letter: PutBackLetter) => boolean) => found.filter(test).length;
    return [
      {
        run: first.run,
        time: first.time,
        who: first.who,
        how: first.how,
        moved: count(({ why }) => why === undefined),
        notMoved: count(({ why }) => why !== undefined),
        failedAgain: count(({ failedAgain }) => failedAgain !== undefined),
        letters: found,
      },
    ];
  });
}

function putBackLetter(
  { consumer, orderId, messageId, edited, why, time }: Line,
  there: readonly DeadLetter[] = [],
): PutBackLetter {
  const again = why === undefined ? there.find((letter) => isNewer(letter, messageId, time)) : undefined;
  return {
    consumer,
    ...(orderId === undefined ? {} : { orderId }),
    messageId,
    ...(edited ? { edited } : {}),
    ...(why === undefined ? {} : { why }),
    ...(again && { failedAgain: { messageId: again.id, reason: `${again.errorType}: ${again.reason}` } }),
  };
}

/** How far the clocks of the consumers and of this machine may be apart, in milliseconds. */
const CLOCK_TOLERANCE_MS = 5_000;

// By when it failed: one that was parked meanwhile is sent anew now and then.
const isNewer = (letter: DeadLetter, messageId: string, time: string): boolean =>
  letter.id !== messageId && Date.parse(letter.failedAt) >= Date.parse(time) - CLOCK_TOLERANCE_MS;
