import type { CloudEvent } from '../../contracts/cloud-event.ts';
import type { BatchHandler, Delivery, HandlerResult, SubjectEvent } from './delivery.ts';
import { describeForLog } from './failure.ts';
import { type Fence, openFence } from './fence.ts';
import { log } from './log.ts';
import { type Publish, withTraceparent } from './publish.ts';
import type { OrderRecord, RecordStore } from './records.ts';

/**
 * What is published of one entry of a record's outbox. `position` counts the entries up to this one; absent where the entry is not complete
 * with these events.
 */
export type OutboxEntry = { position?: number; events: readonly CloudEvent[] };

/** What a delivery publishes, or why it failed. Of an outbox, the entries come first, in sequence. */
export type Publication =
  | { publish: readonly CloudEvent[]; outbox?: readonly OutboxEntry[]; repeated?: true | undefined }
  | { failure: unknown };

/** Decides, and writes, for deliveries of different orders together; returns one publication per delivery, in the same order. */
export type PublicationSource<E extends CloudEvent> = (
  ...args: Parameters<BatchHandler<E>>
) => Promise<readonly Publication[]>;

/** Builds a handler that publishes what `decide` returns. A replay without effects publishes nothing. */
export const publishing =
  <E extends SubjectEvent>(decide: PublicationSource<E>) =>
  (publish: Publish): BatchHandler<E> =>
  async (deliveries, cache, fence) =>
    (await publishAll(publish, deliveries, await decide(deliveries, cache, fence), fence)).map(({ result }) => result);

/** How one delivery's events were published. `position`: how far its outbox is published, in sequence and without a gap. */
export type Published = { result: HandlerResult; position?: number };

/** Publishes the events of all deliveries together, each as part of its trace, unless the invocation ran out of time before. */
export async function publishAll(
  publish: Publish,
  deliveries: readonly Delivery[],
  publications: readonly Publication[],
  fence: Fence = openFence,
): Promise<Published[]> {
  const batches = publications.map((publication, index) =>
    'failure' in publication || deliveries[index]?.withoutEffects ? [] : eventsOf(publication),
  );
  const events = batches.flat();
  // What a process would publish after a thaw may be out of date, and its message is somebody else's.
  if (events.length > 0) fence.check();
  const answers = (events.length === 0 ? [] : await publish(events)).values();
  return publications.map((publication, index): Published => {
    if ('failure' in publication) return { result: { published: [], error: { reason: publication.failure } } };
    const results = (batches[index] ?? []).map((event) => ({ event, refusal: answers.next().value }));
    const published = results.flatMap(({ event, refusal }) => (refusal === undefined ? [event] : []));
    const refused = results.find(({ refusal }) => refusal !== undefined);
    const position = positionAfter(publication.outbox ?? [], new Set(published.map(({ id }) => id)));
    return {
      result: {
        published,
        ...(publication.repeated && { repeated: true }),
        ...(refused && { error: { reason: refused.refusal } }),
      },
      ...(position === undefined ? {} : { position }),
    };
  });
}

const eventsOf = ({ publish, outbox = [] }: Exclude<Publication, { failure: unknown }>): CloudEvent[] =>
  [...outbox.flatMap(({ events }) => events), ...publish].map(withTraceparent);

/** Returns how far an outbox is published, without a gap, once the events of these ids are. */
export function positionAfter(outbox: readonly OutboxEntry[], publishedIds: ReadonlySet<string>): number | undefined {
  const gap = outbox.findIndex(
    ({ position, events }) => position === undefined || !events.every(({ id }) => publishedIds.has(id)),
  );
  return outbox.slice(0, gap === -1 ? undefined : gap).at(-1)?.position;
}

/** Notes in an attribute of their records how far the outboxes of orders are published. */
export async function notePositions<R extends OrderRecord>(
  store: RecordStore<R>,
  attribute: keyof R & string,
  positions: ReadonlyMap<string, number>,
): Promise<void> {
  if (positions.size === 0) return;
  await store.advanceTo(attribute, positions).catch((error: unknown) => {
    // What is not noted is published once more with the order's next event.
    log.warn('published events could not be noted', describeForLog(error));
  });
}
