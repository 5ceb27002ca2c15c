import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CloudEvent } from '../../../contracts/cloud-event.ts';
import type { OrderProgressed } from '../../../contracts/lifecycle.ts';
import { consumes as fromTopic } from '../../../lambdas/order/consumes.ts';
import type { OrderInput } from '../../../lambdas/order/input.ts';
import type { Order } from '../../../lambdas/order/record.ts';
import { nextOrder } from '../../../lambdas/order/rules.ts';
import { consumes as fromBus } from '../../../lambdas/outcomes/consumes.ts';
import { consumer } from '../../../lambdas/runtime/consume.ts';
import { UnavailableError } from '../../../lambdas/runtime/failure.ts';
import { consumerDependencies } from '../../builders/consumer-dependencies.ts';
import { delivery, sqsRecord } from '../../builders/deliveries.ts';
import {
  authorized,
  cancelRequested,
  captured,
  declined,
  placed,
  refunded,
  rejected,
  released,
  reserved,
  shipped,
  voided,
} from '../../builders/events.ts';
import { orderHandler } from '../../builders/order-handler.ts';
import { quietLog } from '../../builders/quiet-log.ts';
import { MemoryRecordStore } from '../../builders/records.ts';

quietLog();

type Fault = 'killed before publishing' | 'killed before saving progress' | 'progress not saved' | 'refused';

/** Simulates the order consumers with their table; each delivery can meet a fault. */
function orderConsumer() {
  const records = new MemoryRecordStore<Order>();
  let fault: Fault | undefined;
  records.advanceFails = () => fault === 'progress not saved';
  let accepts = (_event: CloudEvent) => true;
  const out: CloudEvent[] = [];
  const outside = consumerDependencies({
    publish: async (events) => {
      if (fault === 'killed before publishing') throw new Error('killed');
      const accepted = events.map((event) => (fault === 'refused' ? accepts(event) : true));
      out.push(...events.filter((_, index) => accepted[index]));
      return accepted.map((done) => (done ? undefined : new UnavailableError('refused')));
    },
  });
  const receive = consumer(
    'order',
    [...fromTopic, ...fromBus],
    orderHandler(records, () => new Date('2026-11-21T09:00:05Z')),
    outside,
  );
  return {
    records,
    order: () => records.items.get('o-1001'),
    out,
    /** Delivers events in one batch and returns what is published. */
    async deliverAll(events: readonly OrderInput[]) {
      const before = out.length;
      await receive({ Records: events.map((event) => sqsRecord(event)) });
      return out.slice(before).map(nameOf);
    },
    /** Delivers one event and returns what is published: step numbers, `confirmed` and `cancelled`. */
    async deliver(event: OrderInput, nextFault?: Fault, accepted: (event: CloudEvent) => boolean = () => true) {
      fault = nextFault;
      accepts = accepted;
      const before = out.length;
      let kept: number | undefined;
      try {
        kept = (await receive({ Records: [sqsRecord(event)] })).batchItemFailures.length;
      } catch {
        kept = 1;
      }
      // A function killed before it recorded what it published.
      if (nextFault === 'killed before saving progress') kept = 1;
      fault = undefined;
      return { kept, published: out.slice(before).map(nameOf) };
    },
  };
}

const nameOf = (event: CloudEvent): string | number =>
  event.type === 'shop.order.progressed.v1'
    ? (event as OrderProgressed).data.sequence
    : (event.type.split('.')[2] ?? '');

const isDecision = (event: CloudEvent): boolean => typeof nameOf(event) === 'string';

/** Asserts that each number is at most one above all before it; returns the highest. */
function expectNoGaps(numbers: readonly number[]): number {
  let highest = 0;
  for (const number of numbers) {
    expect(number).toBeLessThanOrEqual(highest + 1);
    highest = Math.max(highest, number);
  }
  return highest;
}

describe('A step of an order', () => {
  test('is published once, with the delivery that adds it, numbered from 1', async () => {
    const { deliver } = orderConsumer();
    expect(await deliver(placed())).toEqual({ kept: 0, published: [1] });
    expect(await deliver(authorized())).toEqual({ kept: 0, published: [2] });
    expect(await deliver(reserved())).toEqual({ kept: 0, published: [3, 4, 'confirmed'] });
    expect(await deliver(captured())).toEqual({ kept: 0, published: [5] });
    for (const event of [placed(), authorized(), reserved(), captured()])
      expect(await deliver(event)).toEqual({ kept: 0, published: [] });
    expect(await deliver(cancelRequested())).toEqual({ kept: 0, published: [6, 7, 'cancelled'] });
    expect(await deliver(cancelRequested())).toEqual({ kept: 0, published: [] });
  });

  test.each([declined(), cancelRequested()])(
    'that cancels a confirmed order is published beside the confirmation: $type',
    async (last) => {
      const { deliver } = orderConsumer();
      for (const event of [placed(), authorized(), reserved()]) await deliver(event);
      expect(await deliver(last)).toEqual({ kept: 0, published: [5, 6, 'cancelled'] });
      for (const event of [placed(), authorized(), reserved(), last])
        expect(await deliver(event)).toEqual({ kept: 0, published: [] });
    },
  );

  test('contains the event type, the new status and, for a confirmed order, the items', async () => {
    const { deliver, out } = orderConsumer();
    for (const event of [authorized(), placed(), reserved()]) await deliver(event);
    const steps = out.filter(({ type }) => type === 'shop.order.progressed.v1');
    expect(steps.map(({ id, source, subject }) => [id, source, subject])).toEqual(
      ['authorized.1', 'placed.2', 'reserved.3', 'confirmed.4'].map((id) => [`o-1001.${id}`, '/shop/order', 'o-1001']),
    );
    expect(steps.map(({ data }) => data)).toEqual([
      { orderId: 'o-1001', sequence: 1, step: 'shop.payment.authorized.v1' },
      { orderId: 'o-1001', sequence: 2, step: 'shop.order.placed.v1', status: 'PLACED' },
      { orderId: 'o-1001', sequence: 3, step: 'shop.stock.reserved.v1' },
      {
        orderId: 'o-1001',
        sequence: 4,
        step: 'shop.order.confirmed.v1',
        status: 'CONFIRMED',
        items: [{ sku: 'KB-01', quantity: 1 }],
      },
    ]);
    expect(JSON.stringify(out)).not.toMatch(/8210|tok_visa|c-7/);
  });

  test('that cancels has the same reason as the decision', async () => {
    const { deliver, out } = orderConsumer();
    for (const event of [placed(), cancelRequested()]) await deliver(event);
    expect(out.slice(-2)).toMatchObject([
      { id: 'o-1001.cancelled.3', data: { step: 'shop.order.cancelled.v1', status: 'CANCELLED', reason: 'customer' } },
      { id: 'o-1001.cancelled', type: 'shop.order.cancelled.v1', data: { orderId: 'o-1001', reason: 'customer' } },
    ]);
  });
});

describe('Two messages of one order in one batch', () => {
  test('publish each step once', async () => {
    const { deliverAll } = orderConsumer();
    expect(await deliverAll([placed(), authorized()])).toEqual([1, 2]);
    expect(await deliverAll([reserved(), captured()])).toEqual([3, 4, 'confirmed', 5]);
  });

  test('may be its cancellation and the order itself, in this sequence', async () => {
    const { deliverAll, order } = orderConsumer();
    expect(await deliverAll([cancelRequested(), placed()])).toEqual([1, 2, 'cancelled', 3]);
    expect(order()).toMatchObject({ status: 'CANCELLED', published: 3 });
  });

  test('may both decide it', async () => {
    const { deliverAll } = orderConsumer();
    await deliverAll([placed(), authorized()]);
    expect(await deliverAll([reserved(), declined()])).toEqual([3, 4, 'confirmed', 5, 6, 'cancelled']);
  });
});

describe('Steps that were written but not published', () => {
  test('are published in sequence with the next delivery of an event of the order', async () => {
    for (const event of [placed(), authorized(), reserved(), rejected()]) {
      const one = orderConsumer();
      await one.deliver(placed());
      await one.deliver(authorized());
      expect(await one.deliver(reserved(), 'killed before publishing')).toEqual({ kept: 1, published: [] });
      expect(one.order()).toMatchObject({ status: 'CONFIRMED', published: 2 });
      const known = one.order()?.timeline.length ?? 0;
      const { published } = await one.deliver(event);
      const isNew = one.order()?.timeline.length === known + 1;
      // What comes after a decision leaves it to its own message, which is still in the queue.
      expect(published, event.type).toEqual(isNew ? [3, 4, 5] : [3, 4, 'confirmed']);
      expect((await one.deliver(reserved())).published).toEqual(isNew ? [4, 'confirmed', 5] : []);
      expect(one.order()?.published).toBe(one.order()?.timeline.length);
    }
  });

  test('have both decisions of an order that was cancelled before its confirmation was published', async () => {
    const { deliver, order } = orderConsumer();
    await deliver(placed());
    await deliver(authorized());
    await deliver(reserved(), 'killed before publishing');
    await deliver(declined(), 'killed before publishing');
    expect(order()).toMatchObject({ status: 'CANCELLED', published: 2 });
    expect((await deliver(reserved())).published).toEqual([3, 4, 'confirmed', 5, 6, 'cancelled']);
    expect(order()?.published).toBe(6);
  });

  test.each<[OrderInput, (string | number)[]]>([
    [captured(), [4, 5]],
    [declined(), [4, 5, 6, 'cancelled']],
    [voided(), [4, 5]],
    [refunded(), [4, 5]],
    [released(), [4, 5]],
  ])('have no confirmation with what follows from it, which would go round for ever: $type', async (event, steps) => {
    const { deliver, order } = orderConsumer();
    await deliver(placed());
    await deliver(authorized());
    expect((await deliver(reserved(), 'progress not saved')).published).toEqual([3, 4, 'confirmed']);
    expect((await deliver(event)).published.filter((name) => name !== 3)).toEqual(steps);
    expect(order()?.published).toBe(3);
    expect((await deliver(placed())).published).toEqual(steps.toSpliced(1, 0, 'confirmed'));
    expect(order()?.published).toBe(order()?.timeline.length);
  });

  test.each([voided(), refunded(), released()])(
    'have no cancellation with what follows from it: $type',
    async (event) => {
      const { deliver, order } = orderConsumer();
      await deliver(placed());
      await deliver(cancelRequested(), 'progress not saved');
      expect((await deliver(event)).published).toEqual([2, 3, 4]);
      expect(order()?.published).toBe(2);
      expect((await deliver(placed())).published).toEqual([3, 'cancelled', 4]);
      expect(order()?.published).toBe(4);
    },
  );

  test.each([captured(), declined()])('have the decision that follows from them: $type', async (event) => {
    const { deliver, order } = orderConsumer();
    await deliver(placed());
    await deliver(reserved());
    await deliver(event, 'killed before publishing');
    const decision = event.type === captured().type ? 'confirmed' : 'cancelled';
    expect((await deliver(event)).published).toEqual([3, 4, decision]);
    expect(order()?.published).toBe(4);
  });

  test('have the cancellation with its own message, where the order comes after it', async () => {
    const { deliver } = orderConsumer();
    await deliver(cancelRequested(), 'killed before publishing');
    expect((await deliver(placed())).published).toEqual([1, 2, 3]);
    expect((await deliver(cancelRequested())).published).toEqual([2, 'cancelled', 3]);
    expect((await deliver(cancelRequested())).published).toEqual([]);
  });

  test('add up over several crashes and stay identical', async () => {
    const { deliver, out } = orderConsumer();
    await deliver(placed(), 'killed before publishing');
    await deliver(authorized(), 'killed before publishing');
    expect((await deliver(reserved(), 'progress not saved')).published).toEqual([1, 2, 3, 4, 'confirmed']);
    expect((await deliver(placed())).published).toEqual([1, 2, 3, 4, 'confirmed']);
    expect(out.slice(5)).toEqual(out.slice(0, 5));
    expect(await deliver(placed())).toEqual({ kept: 0, published: [] });
  });

  test('are not published with the events of another order', async () => {
    const { deliver } = orderConsumer();
    await deliver(placed({ orderId: 'other' }), 'killed before publishing');
    expect((await deliver(placed())).published).toEqual([1]);
  });
});

describe('The number of published steps', () => {
  test('may fail to be saved: the message is done, and its step is published once more', async () => {
    const { deliver } = orderConsumer();
    expect(await deliver(placed(), 'progress not saved')).toEqual({ kept: 0, published: [1] });
    expect((await deliver(authorized())).published).toEqual([1, 2]);
    expect((await deliver(authorized())).published).toEqual([]);
  });

  test('stops before the first refused step, whose message stays in the queue', async () => {
    const one = orderConsumer();
    await one.deliver(placed(), 'killed before publishing');
    // The feed never accepts a step after a refused one of the same order.
    expect(await one.deliver(authorized(), 'refused', () => false)).toEqual({ kept: 1, published: [] });
    expect(one.order()?.published).toBe(0);
    expect(await one.deliver(authorized(), 'refused', (event) => nameOf(event) === 1)).toEqual({
      kept: 1,
      published: [1],
    });
    expect(one.order()?.published).toBe(1);
    expect((await one.deliver(authorized())).published).toEqual([2]);
  });

  test('does not include a decision that only the feed accepted', async () => {
    const one = orderConsumer();
    await one.deliver(placed());
    await one.deliver(authorized());
    const { kept, published } = await one.deliver(reserved(), 'refused', (event) => !isDecision(event));
    expect([kept, published]).toEqual([1, [3, 4]]);
    expect(one.order()?.published).toBe(3);
    expect((await one.deliver(reserved())).published).toEqual([4, 'confirmed']);
    expect((await one.deliver(reserved())).published).toEqual([]);
  });

  test('stops before either decision of an order that the bus refused', async () => {
    for (const [refused, count] of [
      ['confirmed', 3],
      ['cancelled', 5],
    ] as const) {
      const one = orderConsumer();
      await one.deliver(placed());
      await one.deliver(authorized());
      await one.deliver(reserved(), 'killed before publishing');
      await one.deliver(declined(), 'killed before publishing');
      expect((await one.deliver(reserved(), 'refused', (event) => nameOf(event) !== refused)).kept).toBe(1);
      expect(one.order()?.published).toBe(count);
      expect((await one.deliver(reserved())).published).toContain(refused);
      expect(one.order()?.published).toBe(6);
    }
  });

  test('survives a concurrent write that is based on an older record', async () => {
    const one = orderConsumer();
    await one.deliver(placed(), 'progress not saved');
    let late: () => void = () => {};
    one.records.beforeSave = () => late();
    // The first message's update arrives between the second one's read and its write.
    late = () => {
      late = () => {};
      const order = one.order();
      if (order !== undefined) one.records.items.set('o-1001', { ...order, published: 1 });
    };
    await one.deliver(authorized(), 'killed before publishing');
    expect(one.order()).toMatchObject({ published: 1, payment: 'authorized' });
    expect((await one.deliver(authorized())).published).toEqual([2]);
  });

  test('never decreases', async () => {
    const records = new MemoryRecordStore<Order>();
    records.items.set('o-1001', { orderId: 'o-1001', version: 4, timeline: [], published: 3 });
    await records.advanceTo(
      'published',
      new Map([
        ['o-1001', 2],
        ['nobody', 5],
      ]),
    );
    expect([...records.items.values()]).toEqual([{ orderId: 'o-1001', version: 4, timeline: [], published: 3 }]);
  });
});

describe('That goods left', () => {
  const toConfirmed = [placed(), authorized(), reserved()];

  test('is published with the first parcel, and again after a crash', async () => {
    const { deliver, order } = orderConsumer();
    for (const event of toConfirmed) await deliver(event);
    expect((await deliver(shipped(), 'killed before publishing')).kept).toBe(1);
    expect(order()).toMatchObject({ dispatched: true, published: 4 });
    expect((await deliver(shipped())).published).toEqual([5, 'dispatched']);
    expect((await deliver(shipped({ id: 'two' }))).published).toEqual([6]);
    for (const event of [...toConfirmed, shipped(), shipped({ id: 'two' })])
      expect(await deliver(event)).toEqual({ kept: 0, published: [] });
  });

  test('is published with any event of the order, and leaves an unpublished confirmation to its own message', async () => {
    const { deliver, order } = orderConsumer();
    for (const event of [placed(), authorized()]) await deliver(event);
    await deliver(reserved(), 'killed before publishing');
    expect((await deliver(shipped())).published).toEqual([3, 4, 5, 'dispatched']);
    expect(order()?.published).toBe(3);
    expect((await deliver(reserved())).published).toEqual([4, 'confirmed', 5, 'dispatched']);
    expect(order()?.published).toBe(5);
  });

  test('is not noted as published while the bus refuses it', async () => {
    const { deliver, order } = orderConsumer();
    for (const event of toConfirmed) await deliver(event);
    const { kept } = await deliver(shipped(), 'refused', (event) => nameOf(event) !== 'dispatched');
    expect([kept, order()?.published]).toEqual([1, 4]);
  });

  test('and a cancellation at the same moment: one wins, and the other is told', async () => {
    for (const [first, second, told] of [
      [shipped(), cancelRequested(), 'cancel-refused'],
      [cancelRequested(), shipped(), undefined],
    ] as const) {
      const { deliver, records, order } = orderConsumer();
      for (const event of toConfirmed) await deliver(event);
      // The first is written between the second one's read and its write.
      let isRacing = true;
      records.beforeSave = () => {
        if (!isRacing) return;
        isRacing = false;
        const { after } = nextOrder(order(), delivery<OrderInput>(first), new Date('2026-11-21T09:00:05Z'));
        if (after !== undefined) records.overwrite(after);
      };
      const { published } = await deliver(second);
      expect(order()).toMatchObject(
        first.type === shipped().type
          ? { status: 'CONFIRMED', dispatched: true }
          : { status: 'CANCELLED', contradiction: 'shipped-after-cancellation' },
      );
      if (told !== undefined) expect(published).toContain(told);
    }
  });
});

describe('Under random faults', () => {
  const confirming: OrderInput[] = [placed(), authorized(), reserved(), captured()];
  const stories = fc.constantFrom<OrderInput[]>(
    confirming,
    [...confirming, cancelRequested(), refunded(), released()],
    [placed(), authorized(), reserved(), declined(), released()],
    [placed(), cancelRequested(), authorized(), voided()],
  );

  const faults = fc.option(fc.constantFrom<Fault>('killed before publishing', 'progress not saved', 'refused'), {
    nil: undefined,
  });

  test('the feed has every step in sequence without gaps, and each decision is published', {
    timeout: 30_000,
  }, async () => {
    const runs = stories.chain((events) =>
      fc.record({
        events: fc.constant(events),
        past: fc.array(
          fc.record({ event: fc.constantFrom(...events), nextFault: faults, accepts: fc.nat({ max: 6 }) }),
          { maxLength: 20 },
        ),
        rest: fc.shuffledSubarray(events, { minLength: events.length }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(runs, async ({ events, past, rest }) => {
        const one = orderConsumer();
        for (const { event, nextFault, accepts } of past) {
          let left = accepts;
          // Accepts the given number of steps, and decisions in two of three cases.
          const accepted = (each: CloudEvent) => (isDecision(each) ? accepts % 3 > 0 : left-- > 0);
          await one.deliver(event, nextFault, accepted);
        }
        for (const event of rest) await one.deliver(event);
        // What follows from a decision does not publish it.
        await one.deliver(placed());
        const highest = expectNoGaps(one.out.map(nameOf).filter((name) => typeof name === 'number'));
        expect(highest).toBe(one.order()?.timeline.length);
        expect(one.order()?.published).toBe(highest);
        const decided = one.order()?.timeline.flatMap(({ type }) => type.match(/confirmed|cancelled/)?.[0] ?? []);
        expect(decided?.length).toBeGreaterThan(0);
        const published = new Set(one.out.filter(isDecision).map((each) => JSON.stringify(each)));
        expect([...published].map((each) => nameOf(JSON.parse(each))).sort()).toEqual(decided?.toSorted());
        const before = one.out.length;
        for (const event of events) await one.deliver(event);
        expect(one.out.length, 'nothing is published twice once it is recorded').toBe(before);
      }),
      { numRuns: 300 },
    );
  });
});
