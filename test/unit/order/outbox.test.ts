import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CloudEvent } from '../../../contracts/cloud-event.ts';
import type { OrderProgressed } from '../../../contracts/lifecycle.ts';
import { consumes as fromTopic } from '../../../lambdas/order/consumes.ts';
import { nextOrder, type Order, type OrderInput, publishedSteps } from '../../../lambdas/order/rules.ts';
import { consumes as fromBus } from '../../../lambdas/outcomes/consumes.ts';
import { consumer } from '../../../lambdas/runtime/consume.ts';
import { UnavailableError } from '../../../lambdas/runtime/failure.ts';
import { stateMachine } from '../../../lambdas/runtime/state-machine.ts';
import { consumerDependencies } from '../../builders/consumer-dependencies.ts';
import { sqsRecord } from '../../builders/deliveries.ts';
import {
  cancelled,
  cancelRequested,
  captured,
  confirmed,
  declined,
  placed,
  progressed,
  refunded,
  released,
  reserved,
} from '../../builders/events.ts';
import { quietLog } from '../../builders/quiet-log.ts';
import { MemoryRecordStore } from '../../builders/records.ts';

quietLog();

type Trouble = 'killed before publishing' | 'killed before noting' | 'note lost' | 'refused';

/** Those who keep orders, as one, with their table and everything they publish; one delivery can meet with trouble. */
function shop() {
  const records = new MemoryRecordStore<Order>();
  let trouble: Trouble | undefined;
  let takes = (_event: CloudEvent) => true;
  const out: CloudEvent[] = [];
  const outside = consumerDependencies({
    publish: async (events) => {
      if (trouble === 'killed before publishing') throw new Error('killed');
      const taken = events.map((event) => (trouble === 'refused' ? takes(event) : true));
      out.push(...events.filter((_, index) => taken[index]));
      return taken.map((done) => (done ? undefined : new UnavailableError('refused')));
    },
    onPublished: async (events) => {
      if (trouble === 'note lost') throw new UnavailableError('throttled');
      await records.advanceTo('published', publishedSteps(events));
    },
  });
  const receive = consumer(
    'order',
    [...fromTopic, ...fromBus],
    stateMachine<Order, OrderInput, never, never>(
      {
        decide: (order, delivery) => nextOrder(order, delivery, new Date('2026-11-21T09:00:05Z')),
        isFirstEvent: ({ type }) => type === 'shop.order.placed.v1',
        usesOutbox: true,
      },
      records,
    ),
    outside,
  );
  return {
    records,
    order: () => records.items.get('o-1001'),
    out,
    /** Delivers events in one batch; gives what is published. */
    async deliverAll(events: readonly OrderInput[]) {
      const before = out.length;
      await receive({ Records: events.map((event) => sqsRecord(event)) });
      return out.slice(before).map(nameOf);
    },
    /** Delivers one event; gives what is published: the numbers of steps, and `decided`. */
    async deliver(event: OrderInput, meets?: Trouble, taken: (event: CloudEvent) => boolean = () => true) {
      trouble = meets;
      takes = taken;
      const before = out.length;
      let kept: number | undefined;
      try {
        kept = (await receive({ Records: [sqsRecord(event)] })).batchItemFailures.length;
      } catch {
        kept = 1;
      }
      // Somebody who dies before noting what is out has left a table that does not know it.
      if (meets === 'killed before noting') kept = 1;
      trouble = undefined;
      return { kept, published: out.slice(before).map(nameOf) };
    },
  };
}

const nameOf = (event: CloudEvent): string | number =>
  event.type === 'shop.order.progressed.v1' ? (event as OrderProgressed).data.sequence : 'decided';

describe('Each step', () => {
  test('is published with the delivery that brings it, numbered from 1, and never again', async () => {
    const { deliver } = shop();
    expect(await deliver(placed())).toEqual({ kept: 0, published: [1] });
    expect(await deliver(captured())).toEqual({ kept: 0, published: [2] });
    expect(await deliver(reserved())).toEqual({ kept: 0, published: [3, 4, 'decided'] });
    for (const event of [placed(), captured(), reserved()])
      expect(await deliver(event)).toEqual({ kept: 0, published: [] });
    expect(await deliver(cancelRequested())).toEqual({ kept: 0, published: [5] });
  });

  test('says what happened, the status it led to, and for a confirmed order the goods', async () => {
    const { deliver, out } = shop();
    for (const event of [captured(), placed(), reserved()]) await deliver(event);
    const steps = out.filter(({ type }) => type === 'shop.order.progressed.v1');
    expect(steps.map(({ id, source, subject }) => [id, source, subject])).toEqual(
      [1, 2, 3, 4].map((sequence) => [`o-1001.${sequence}`, '/shop/order', 'o-1001']),
    );
    expect(steps.map(({ data }) => data)).toEqual([
      { orderId: 'o-1001', sequence: 1, step: 'shop.payment.captured.v1' },
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

  test('that cancels says why, and so does the decision, under one id', async () => {
    const { deliver, out } = shop();
    for (const event of [placed(), cancelRequested()]) await deliver(event);
    expect(out.slice(-2)).toMatchObject([
      { id: 'o-1001.3', data: { step: 'shop.order.cancelled.v1', status: 'CANCELLED', reason: 'customer' } },
      { id: 'o-1001.decided', type: 'shop.order.cancelled.v1', data: { orderId: 'o-1001', reason: 'customer' } },
    ]);
  });
});

describe('Two messages of one order in one batch', () => {
  test('publish each step once, too', async () => {
    const { deliverAll } = shop();
    expect(await deliverAll([placed(), captured()])).toEqual([1, 2]);
    expect(await deliverAll([reserved(), refunded()])).toEqual([3, 4, 'decided', 5]);
  });
});

describe('What was written and not published', () => {
  const story: OrderInput[] = [placed(), captured(), reserved(), cancelRequested(), refunded(), released(), declined()];

  test('because its writer died is published with the next delivery of any event of the order, in sequence', async () => {
    for (const event of story) {
      const one = shop();
      await one.deliver(placed());
      await one.deliver(captured());
      expect(await one.deliver(reserved(), 'killed before publishing')).toEqual({ kept: 1, published: [] });
      expect(one.order()).toMatchObject({ status: 'CONFIRMED', published: 2 });
      const known = one.order()?.timeline.length ?? 0;
      const { published } = await one.deliver(event);
      const isNew = one.order()?.timeline.length === known + 1;
      expect(published, event.type).toEqual(isNew ? [3, 4, 'decided', 5] : [3, 4, 'decided']);
      expect(one.order()?.published).toBe(one.order()?.timeline.length);
    }
  });

  test('through several deaths adds up, and is the very same each time', async () => {
    const { deliver, out } = shop();
    await deliver(placed(), 'killed before publishing');
    await deliver(captured(), 'killed before publishing');
    expect((await deliver(reserved(), 'note lost')).published).toEqual([1, 2, 3, 4, 'decided']);
    expect((await deliver(placed())).published).toEqual([1, 2, 3, 4, 'decided']);
    expect(out.slice(5)).toEqual(out.slice(0, 5));
    expect(await deliver(placed())).toEqual({ kept: 0, published: [] });
  });

  test('for one order does not come with the events of another', async () => {
    const { deliver } = shop();
    await deliver(placed({ orderId: 'other' }), 'killed before publishing');
    expect((await deliver(placed())).published).toEqual([1]);
  });
});

describe('The note of what is out', () => {
  test('that could not be written harms nothing: the message is done, and the step comes once more', async () => {
    const { deliver } = shop();
    expect(await deliver(placed(), 'note lost')).toEqual({ kept: 0, published: [1] });
    expect((await deliver(captured())).published).toEqual([1, 2]);
    expect((await deliver(captured())).published).toEqual([]);
  });

  test('stops before the first step that was refused, and its message is kept', async () => {
    const one = shop();
    await one.deliver(placed(), 'killed before publishing');
    // The feed never takes a step whose predecessor it refused.
    expect(await one.deliver(captured(), 'refused', () => false)).toEqual({ kept: 1, published: [] });
    expect(one.order()?.published).toBe(0);
    expect(await one.deliver(captured(), 'refused', (event) => nameOf(event) === 1)).toEqual({
      kept: 1,
      published: [1],
    });
    expect(one.order()?.published).toBe(1);
    expect((await one.deliver(captured())).published).toEqual([2]);
  });

  test('does not count a decision that only the feed took', async () => {
    const one = shop();
    await one.deliver(placed());
    await one.deliver(captured());
    const { kept, published } = await one.deliver(reserved(), 'refused', (event) => nameOf(event) !== 'decided');
    expect([kept, published]).toEqual([1, [3, 4]]);
    expect(one.order()?.published).toBe(3);
    expect((await one.deliver(reserved())).published).toEqual([4, 'decided']);
    expect((await one.deliver(reserved())).published).toEqual([]);
  });

  test('survives a write that was decided on an older one', async () => {
    const one = shop();
    await one.deliver(placed(), 'note lost');
    let late: () => void = () => {};
    one.records.beforeSave = () => late();
    // The first message's note arrives after the second one has read the record and before it writes.
    late = () => {
      late = () => {};
      const order = one.order();
      if (order !== undefined) one.records.items.set('o-1001', { ...order, published: 1 });
    };
    await one.deliver(captured(), 'killed before publishing');
    expect(one.order()).toMatchObject({ published: 1, payment: 'captured' });
    expect((await one.deliver(captured())).published).toEqual([2]);
  });

  test('never goes back', async () => {
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

describe('How many steps are published with some events', () => {
  const decision = { sequence: 4, step: 'shop.order.confirmed.v1', status: 'CONFIRMED' } as const;
  const cancels = { sequence: 2, step: 'shop.order.cancelled.v1', status: 'CANCELLED' } as const;
  const decided = (orderId: string) => `${orderId}.decided`;

  test.each<[string, CloudEvent[], [string, number][]]>([
    ['none', [], []],
    ['one step', [progressed({ sequence: 3 })], [['o-1001', 3]]],
    ['several, the last', [progressed({ sequence: 3 }), progressed({ sequence: 4 })], [['o-1001', 4]]],
    [
      'a decision with the decision itself',
      [progressed({ sequence: 3 }), progressed(decision), confirmed({ id: decided('o-1001') })],
      [['o-1001', 4]],
    ],
    ['a decision without the decision itself', [progressed({ sequence: 3 }), progressed(decision)], [['o-1001', 3]]],
    ['a decision alone without the decision itself', [progressed(decision)], []],
    [
      'nothing after a decision that did not get out either',
      [progressed({ sequence: 3 }), progressed(decision), progressed({ sequence: 5 })],
      [['o-1001', 3]],
    ],
    ['a decision whose step did not get out', [confirmed({ id: decided('o-1001') })], []],
    [
      'each order by itself',
      [
        progressed({ orderId: 'a', ...cancels }),
        progressed({ orderId: 'b', ...cancels }),
        cancelled({ orderId: 'b', id: decided('b') }),
        progressed({ orderId: 'c', sequence: 1 }),
      ],
      [
        ['b', 2],
        ['c', 1],
      ],
    ],
  ])('%s', (_, events, steps) => {
    expect(publishedSteps(events)).toEqual(new Map(steps));
  });
});

describe('Whatever goes wrong on the way', () => {
  test('the feed starts with 1, never leaves out a number, and ends complete; the decision gets out', async () => {
    const story: OrderInput[] = [placed(), captured(), reserved(), cancelRequested(), refunded()];
    const troubles = fc.option(fc.constantFrom<Trouble>('killed before publishing', 'note lost', 'refused'), {
      nil: undefined,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ event: fc.nat({ max: 4 }), meets: troubles, takes: fc.nat({ max: 6 }) }), {
          maxLength: 20,
        }),
        fc.shuffledSubarray(story, { minLength: story.length }),
        async (past, rest) => {
          const one = shop();
          for (const { event, meets, takes } of past) {
            let left = takes;
            // Takes so many steps and no later one, and the decision in two of three cases.
            const taken = (each: CloudEvent) => (nameOf(each) === 'decided' ? takes % 3 > 0 : left-- > 0);
            const given = story[event];
            if (given !== undefined) await one.deliver(given, meets, taken);
          }
          for (const event of rest) await one.deliver(event);
          const numbers = one.out.map(nameOf).filter((name) => typeof name === 'number');
          let highest = 0;
          for (const number of numbers) {
            expect(number).toBeLessThanOrEqual(highest + 1);
            highest = Math.max(highest, number);
          }
          expect(highest).toBe(one.order()?.timeline.length);
          expect(one.order()?.published).toBe(highest);
          expect(
            new Set(one.out.filter((each) => nameOf(each) === 'decided').map((each) => JSON.stringify(each))).size,
          ).toBe(1);
          const before = one.out.length;
          for (const event of story) await one.deliver(event);
          expect(one.out.length, 'nothing is published twice once it is noted').toBe(before);
        },
      ),
      { numRuns: 300 },
    );
  });
});
