import { ulid } from 'ulid';
import { constructIdOf, partnerIdOf } from '../../infra/names.ts';
import { findPartnerQueues } from '../consumers.ts';
import { readPartners } from '../partner-settings.ts';
import type { DeployedShop } from '../stack.ts';
import type { Span } from './archive.ts';
import { REPLAYED_ATTRIBUTE, type ReplayDestination, type ReplayOptions, type ReplayResult, replay } from './replay.ts';
import { isConsumer, type ReplaySelection, selectionFor } from './select.ts';

/** What is replayed and where to; `to` names that in sentences, and `document` in the result for scripts. */
export type ReplayPlan = {
  to: string;
  selection: ReplaySelection;
  destination: Omit<ReplayDestination, 'name'>;
  document: object;
};

/** Whom a replay is for, and what of their events. */
export type ReplayRequest = {
  to: string;
  types?: readonly string[] | undefined;
  orderId?: string | undefined;
  withEffects: boolean;
};

/** At most so many events a second, where nothing else is asked for. */
export const REPLAY_RATE = 200;

/** Plans a replay to a consumer or a partner; throws a sentence for a name, a type or an effect that it does not have. */
export async function planReplay(
  shop: DeployedShop,
  { to, types, orderId, withEffects }: ReplayRequest,
): Promise<ReplayPlan> {
  const narrowed = { types, orderId };
  const selection = isConsumer(to)
    ? selectionFor(to, narrowed)
    : await partnerSelection(shop, to, narrowed, withEffects);
  const destination = { ...queueOf(shop, to), withEffects };
  const document = { consumer: to, ...(destination.partner ? { partner: true } : {}), withEffects };
  return { to: `${to}${withEffects ? ', with effects' : ''}`, selection, destination, document };
}

/** Selects what a partner gets of the deployed shop; throws where there is none of that name. */
async function partnerSelection(
  shop: DeployedShop,
  to: string,
  narrowed: Omit<ReplaySelection, 'contracts'>,
  withEffects: boolean,
): Promise<ReplaySelection> {
  const hasPartners = findPartnerQueues(shop.outputs).length > 0;
  const selection = selectionFor(to, narrowed, hasPartners ? await readPartners(shop) : {});
  if (!withEffects) return selection;
  throw new Error(
    `--with-effects is for consumers: what ${to}, a partner, does with what has the attribute ${REPLAYED_ATTRIBUTE}, its own service decides.`,
  );
}

function queueOf(shop: DeployedShop, to: string): Pick<ReplayDestination, 'queueUrl' | 'partner'> {
  if (!isConsumer(to)) return { queueUrl: shop.output(`${partnerIdOf(to)}QueueUrl`), partner: true };
  // Anybody who publishes orders writes to the queue of `order`, so it takes no replays.
  return { queueUrl: shop.output(`${constructIdOf(to === 'order' ? 'outcomes' : to)}QueueUrl`) };
}

/** Throws a sentence for a span that is empty, or in which nothing can have been archived. */
export function assertPast({ from, until }: Span, now: Date): void {
  if (from >= until) throw new Error(`--from ${from.toISOString()} must be before --until ${until.toISOString()}.`);
  if (from >= now) throw new Error(`--from ${from.toISOString()} is in the future: nothing has been archived then.`);
}

/** Gives a replay its name, runs it, and returns its document for scripts. */
export async function runPlan(
  shop: DeployedShop,
  { selection, destination, document }: Pick<ReplayPlan, 'selection' | 'destination' | 'document'>,
  options: Omit<ReplayOptions, 'selection' | 'destination'>,
): Promise<ReplayResult & { dryRun: boolean; name?: string }> {
  const name = `replay-${ulid()}`;
  const result = await replay(shop, { ...options, selection, destination: { ...destination, name } });
  const { dryRun } = options;
  return { ...result, ...document, dryRun, ...(dryRun ? {} : { name }) };
}
