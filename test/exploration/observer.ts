import type { CloudEvent } from '../../contracts/cloud-event.ts';
import { type OrderProgressed, orderProgressed } from '../../contracts/lifecycle.ts';
import { orderCancelled, orderConfirmed, orderShipped } from '../../contracts/order.ts';
import type { OutgoingText } from '../../lambdas/notification/rules.ts';
import { answerOf, askedOf } from './answers.ts';
import { type Id, Pool, remembering } from './pool.ts';
import type { Shop } from './shop.ts';
import type { Seen } from './state.ts';

/** What must never happen has happened. */
export class Violation extends Error {
  override name = 'Violation';
}

/** Remembers what was seen from outside, and throws `Violation` where what is seen contradicts it. */
export class Observer {
  private readonly shop: Shop;
  private readonly words = new Pool<string>();
  private readonly texts = new Pool<Seen['texts'][number]>();

  constructor(shop: Shop) {
    this.shop = shop;
  }

  private readonly change = (seen: Id, change: (before: Seen) => Partial<Seen>): Id => {
    const before = this.shop.observations.get(seen);
    return this.shop.observations.idOf({ ...before, ...change(before) });
  };

  /** Sees events that were accepted. */
  readonly publication = remembering((seen: Id, publication: Id) =>
    this.change(seen, (before) => {
      const events = this.shop.eventsOf(publication);
      const isConfirmed = events.some(({ type }) => type === orderConfirmed.type);
      return {
        ...(isConfirmed && { wasConfirmed: true }),
        feed: events.filter(isStep).reduce(withStep(before.wasRestored === true), before.feed),
        shipment: events.filter(isStep).reduce(this.shipped, before.shipment),
        answered: events.reduce(withAnswer(before.wasRestored === true), before.answered),
        archive: this.archived(before, events),
      };
    }),
  );

  private readonly shipped = (shipment: Seen['shipment'], event: OrderProgressed): Seen['shipment'] => {
    const delivery = { event, messageId: event.id, attempt: 1, time: event.time ?? '' };
    const { after } = this.shop.rules.shipping(shipment, delivery);
    return after === undefined ? shipment : { ...after, version: 1 };
  };

  private archived({ archive }: Seen, events: readonly CloudEvent[]): readonly Id[] {
    if (!this.shop.scenario.replay) return archive;
    const { consumer } = this.shop.scenario.replay;
    const messages = events
      .flatMap((event) => this.shop.route(event, true))
      .filter((message) => this.shop.messages.get(message).consumer === consumer);
    return sortedSet([...archive, ...messages]);
  }

  /** Sees that a consumer took a message for good. */
  readonly taken = remembering((seen: Id, message: Id) => {
    const { consumer, event, replayed } = this.shop.messages.get(message);
    if (replayed) return seen;
    if (event.type === orderShipped.type) return this.change(seen, () => ({ hasLeft: true }));
    const asked = askedOf(consumer, event);
    return asked === undefined || this.shop.observations.get(seen).asked.includes(asked)
      ? seen
      : this.change(seen, (before) => ({ asked: [...before.asked, asked].sort() }));
  });

  deadLetter(seen: Id, reason: string): Id {
    return this.dead(seen, this.words.idOf(reason));
  }

  private readonly dead = remembering((seen: Id, reason: Id) =>
    this.change(seen, ({ dead }) => ({ dead: [...new Set([...dead, this.words.get(reason)])].sort() })),
  );

  text(seen: Id, { template, phone }: OutgoingText): Id {
    return this.sent(seen, this.texts.idOf({ template, phone }));
  }

  private readonly sent = remembering((seen: Id, text: Id) =>
    this.change(seen, ({ texts }) => {
      const { template, phone } = this.texts.get(text);
      if (texts.some((other) => other.template === template)) throw new Violation(`${template} is texted twice`);
      return { texts: [...texts, { template, phone }] };
    }),
  );

  /** Sees that the table to be put back holds another record. */
  readonly snapshot = remembering((seen: Id, record: Id) =>
    this.change(seen, ({ snapshots }) => ({ snapshots: sortedSet([...snapshots, record]) })),
  );

  /** Sees that a table is put back. */
  readonly restore = remembering((seen: Id) => this.change(seen, () => ({ wasRestored: true })));
}

const sortedSet = (ids: readonly Id[]): readonly Id[] => [...new Set(ids)].sort((one, other) => one - other);

const isStep = (event: CloudEvent): event is OrderProgressed => event.type === orderProgressed.type;

/** Adds the answer to a request: one and the same, however often it is published. */
const withAnswer =
  (wasRestored: boolean) =>
  (answered: Seen['answered'], event: CloudEvent): Seen['answered'] => {
    const found = answerOf(event);
    if (found === undefined) return answered;
    const before = answered[found.asked];
    if (before !== undefined && before !== found.answer && !wasRestored)
      throw new Violation(`${found.asked}: the answer was ${before}, and now is ${found.answer}`);
    return { ...answered, [found.asked]: found.answer };
  };

const RANKS: Record<string, number> = { PLACED: 0, CONFIRMED: 1, CANCELLED: 2 };

/** Adds a step to the feed: without a gap, the same under the same number, and with a status that never goes back. */
const withStep =
  (wasRestored: boolean) =>
  (feed: Seen['feed'], { data: { sequence, step, status } }: OrderProgressed): Seen['feed'] => {
    const known = feed[sequence - 1];
    if (known !== undefined) {
      if (known.step !== step && !wasRestored)
        throw new Violation(`Step ${sequence} of the feed was ${known.step}, and now is ${step}`);
      return feed;
    }
    if (sequence > feed.length + 1) throw new Violation(`Step ${feed.length + 1} of the feed is missing`);
    const highest = Math.max(-1, ...feed.map((one) => RANKS[one.status ?? ''] ?? -1));
    if (status !== undefined && (RANKS[status] ?? 0) < highest && !wasRestored)
      throw new Violation(`The status goes back to ${status} in the feed`);
    return [...feed, { step, status }];
  };

/** The steps that decide an order. */
export const DECISIONS: ReadonlySet<string> = new Set([orderConfirmed.type, orderCancelled.type]);
