import { SQSClient } from '@aws-sdk/client-sqs';
import { type DeadLetter, orderIdOf } from '../dlq/dead-letter.ts';
import { resultProblem, type Unseen, unseenIn, unseenProblem } from '../dlq/outcome.ts';
import { sizeOf } from '../dlq/plan.ts';
import { InterruptedError, toUserMessage } from '../errors.ts';
import { readQueueDepth, totalMessages } from '../queues.ts';
import { type Archive, archiveOf } from '../replay/archive.ts';
import type { DeployedShop } from '../stack.ts';
import { type ArchiveSearch, rewriteArchive, searchArchive } from './archive.ts';
import {
  type FoundLetters,
  findLetters,
  lettersOf,
  type RewrittenLetters,
  rewriteLetters,
  rewriteParked,
} from './letters.ts';
import { forgetRecords, isPersonal, loadPersonalRecords, type PersonalRecords, refusalOf } from './records.ts';

/** What is done about an order. `record`: its contact is forgotten in the tables. The numbers are messages that were rewritten. */
export type ForgottenOrder = {
  orderId: string;
  record: boolean;
  deadLetters: number;
  parked: number;
  archived: number;
  /** Why not all of it is done. */
  problem?: string;
};

/** What there is to forget of orders, and why some cannot be forgotten. */
export type ForgetPlan = {
  startedAt: number;
  orders: ReadonlyMap<string, PersonalRecords>;
  refused: ReadonlyMap<string, string>;
  letters: FoundLetters;
  archive: ArchiveSearch;
  unseen: Unseen;
};

export type ForgetOptions = {
  signal?: AbortSignal | undefined;
  notify?: (message: string) => void;
  onProgress?: (what: string) => void;
};

/** Looks for all that names the person of orders: in the tables, the letters and the archive. Changes nothing. */
export async function planForgetting(
  shop: DeployedShop,
  orderIds: readonly string[],
  { signal, notify = () => {}, onProgress = () => {} }: ForgetOptions = {},
): Promise<ForgetPlan> {
  const startedAt = Date.now();
  const ids = new Set(orderIds);
  const records = await loadPersonalRecords(shop, [...ids]);
  const letters = await findLetters(shop, ids, { signal, notify });
  const unfinished = refusals(records, letters.all, new Date(startedAt));
  const open = new Set([...ids].filter((id) => !unfinished.has(id)));
  if (await isBeingArchived(shop, records, startedAt)) notify(BEING_ARCHIVED);
  const archive = await searchArchive({ ...archiveOf(shop), signal }, open, (objects, upTo) =>
    onProgress(`${objects} objects of the archive read, up to ${upTo.slice(0, 19)}Z`),
  );
  const isKnown = (id: string) =>
    records.get(id)?.isKnown === true || archive.known.has(id) || letters.all.some((one) => orderIdOf(one) === id);
  const unknown = [...open].filter((id) => !isKnown(id)).map((id) => [id, `There is no order ${id} here.`] as const);
  const refused = new Map([...unfinished, ...unknown]);
  const meant = new Set([...ids].filter((id) => !refused.has(id)));
  const { plan, parkedPlan, all } = lettersOf(letters, meant);
  return {
    startedAt,
    orders: new Map([...records].filter(([id]) => meant.has(id))),
    refused,
    letters: { plan, parkedPlan, all },
    archive,
    unseen: unseenIn([...letters.plan, ...letters.parkedPlan], 'same order', startedAt),
  };
}

const HOUR_MS = 3_600_000;
const BEING_ARCHIVED =
  'Messages wait to be archived, and some of these orders changed within the last hour: run it again in a few minutes.';

/** Tells whether messages of the orders may not have come to the archive yet. */
async function isBeingArchived(
  shop: DeployedShop,
  records: ReadonlyMap<string, PersonalRecords>,
  now: number,
): Promise<boolean> {
  const isRecent = [...records.values()].some(
    ({ order }) => now - Date.parse(order?.timeline.at(-1)?.time ?? '') < HOUR_MS,
  );
  return (
    isRecent && totalMessages(await readQueueDepth(new SQSClient(shop.config), shop.output('ArchiveQueueUrl'))) > 0
  );
}

function refusals(
  records: ReadonlyMap<string, PersonalRecords>,
  letters: readonly DeadLetter[],
  now: Date,
): Map<string, string> {
  const givenUp = new Set(letters.filter(({ consumer }) => consumer === 'notification').map(orderIdOf));
  return new Map(
    [...records].flatMap(([id, record]) => {
      const refusal = refusalOf(record, givenUp.has(id), now);
      return refusal === undefined ? [] : [[id, refusal] as const];
    }),
  );
}

/** What a plan would change, in numbers. */
export function countPlanned({ orders, letters, archive }: ForgetPlan) {
  return {
    records: [...orders.values()].filter(isPersonal).length,
    deadLetters: sizeOf(letters.plan),
    parked: sizeOf(letters.parkedPlan),
    messages: [...archive.personal.values()].reduce((sum, one) => sum + one, 0),
    objects: archive.keys.length,
  };
}

/** What was forgotten. `objects`: of the archive, as many as were rewritten; `read`, as many as were searched. */
export type Forgotten = {
  orders: ForgottenOrder[];
  archive: { objects: number; read: number };
  /** What keeps it from being all. */
  problem?: string;
};

/**
 * Carries out a plan: the tables first, so that nothing brings a phone back, then the letters, then the archive. The signal ends it between two
 * steps of work. What is done is told also where a part of it fails; run again, it goes on with what is left.
 */
export async function forget(
  shop: DeployedShop,
  plan: ForgetPlan,
  { signal, notify = () => {}, onProgress = () => {} }: ForgetOptions = {},
): Promise<Forgotten> {
  const run = new Forgetting(plan);
  const { startedAt, letters, archive } = plan;
  const rewriting = { signal, notify, startedAt };
  const steps: (() => Promise<void>)[] = [
    ...[...plan.orders].map(
      ([id, records]) =>
        () =>
          run.record(shop, id, records),
    ),
    async () => run.letters('deadLetters', await rewriteLetters(shop, letters.plan, rewriting)),
    async () => run.letters('parked', await rewriteParked(shop, letters.parkedPlan, rewriting)),
    () => run.archived(shop, { ...archiveOf(shop), signal }, archive, onProgress),
  ];
  try {
    for (const step of steps) {
      signal?.throwIfAborted();
      await step();
    }
  } catch (error) {
    run.stop(error);
  }
  return run.result();
}

/** One run: what has become of each order. */
class Forgetting {
  private readonly plan: ForgetPlan;
  private readonly orders: Map<string, ForgottenOrder>;
  private readonly problems: string[] = [];
  private objects = 0;

  constructor(plan: ForgetPlan) {
    this.plan = plan;
    const none = { record: false, deadLetters: 0, parked: 0, archived: 0 };
    this.orders = new Map([
      ...[...plan.orders.keys()].map((orderId) => [orderId, { orderId, ...none }] as const),
      ...[...plan.refused].map(([orderId, problem]) => [orderId, { orderId, ...none, problem }] as const),
    ]);
  }

  async record(shop: DeployedShop, orderId: string, records: PersonalRecords): Promise<void> {
    if (!isPersonal(records)) return;
    await forgetRecords(shop, orderId, records);
    this.update(orderId, { record: true });
  }

  letters(kind: 'deadLetters' | 'parked', { byOrder, ...result }: RewrittenLetters): void {
    for (const [orderId, count] of byOrder) this.update(orderId, { [kind]: count });
    const problem = resultProblem(result, { inFlight: 0, behind: 0, startedAt: this.plan.startedAt });
    if (problem !== undefined) this.problems.push(problem);
  }

  async archived(
    shop: DeployedShop,
    archive: Archive,
    { keys, personal }: ArchiveSearch,
    onProgress: (what: string) => void,
  ): Promise<void> {
    const orderIds = new Set(this.plan.orders.keys());
    const archiveDays = Number(shop.output('ArchiveDays'));
    await rewriteArchive(archive, keys, orderIds, {
      archiveDays,
      onProgress: (objects) => {
        this.objects = objects;
        onProgress(`${objects} of ${keys.length} objects of the archive rewritten`);
      },
    });
    archive.signal?.throwIfAborted();
    for (const [orderId, count] of personal) this.update(orderId, { archived: count });
  }

  stop(error: unknown): void {
    if (!(error instanceof InterruptedError)) this.problems.push(toUserMessage(error));
  }

  result(): Forgotten {
    const { unseen, archive, refused } = this.plan;
    const [firstRefused] = refused.values();
    const more = refused.size - 1;
    const all = [
      ...this.problems,
      ...(firstRefused === undefined ? [] : [more > 0 ? `${firstRefused} (and ${more} more)` : firstRefused]),
    ];
    const hidden = unseenProblem(unseen);
    const problem = [...all, ...(hidden === undefined ? [] : [hidden])].join(' ');
    return {
      orders: [...this.orders.values()],
      archive: { objects: this.objects, read: archive.read },
      ...(problem === '' ? {} : { problem }),
    };
  }

  private update(orderId: string, change: Partial<ForgottenOrder>): void {
    const order = this.orders.get(orderId);
    if (order !== undefined) Object.assign(order, change);
  }
}
