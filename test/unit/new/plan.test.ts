import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { planConsumer } from '../../../ops/new/consumer.ts';
import { planEvent } from '../../../ops/new/event.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const consumer = (name: string, on = 'shop.order.confirmed.v1', table = false) =>
  planConsumer(name, { table, on: on.split(',') }, root);

describe('A new consumer', () => {
  test.each([
    ['', 'it must be 2 to 30 letters and digits in camelCase'],
    ['x', 'it must be 2 to 30 letters'],
    ['Points', 'with a small letter first'],
    ['gift-cards', 'in camelCase'],
    ['../points', 'in camelCase'],
    ['점수', 'in camelCase'],
    ['payment', 'There is a consumer payment already, in lambdas/payment/.'],
    ['pAyment', 'There is a consumer payment already'],
    ['sweep', 'the stack has something else of that name'],
    ['webhooks', 'the stack has something else of that name'],
    ['intake', 'the stack has something else of that name'],
    ['partnerCrm', 'its queue would be taken for that of a partner of the settings'],
    ['partner3pl', 'its queue would be taken for that of a partner of the settings'],
    ['runtime', 'the stack has something else of that name'],
    ['class', 'it is a word of the language TypeScript'],
    ['await', 'it is a word of the language TypeScript'],
    ['undefined', 'it is a word of the language TypeScript'],
    ['dlq', 'test/unit/dlq/ is there already: nothing was written.'],
  ])('cannot be called %j', (name, sentence) => {
    expect(() => consumer(name)).toThrow(sentence);
  });

  test.each([
    ['shop.order.confirmd.v1', 'There is no event "shop.order.confirmd.v1": did you mean shop.order.confirmed.v1?'],
    ['', 'There is no event ""'],
    ['shop.order.refused.v1', 'need not name an order (data.orderId), so no consumer can handle it.'],
    [
      'shop.order.progressed.v1,shop.order.placed.v1',
      'shop.order.progressed.v1 comes in sequence, which cannot share a queue with shop.order.placed.v1: make two consumers.',
    ],
  ])('cannot handle %j', (on, sentence) => {
    expect(() => consumer('points', on)).toThrow(sentence);
  });

  test('keeps a record for each order only of events that name one', () => {
    expect(() => consumer('points', 'shop.stock.received.v1', true)).toThrow('names no order (data.orderId)');
    expect(consumer('points', 'shop.stock.received.v1').created.size).toBe(4);
  });

  test('is refused in one sentence', () => {
    for (const name of ['Points', 'payment', 'class', 'sweep', 'dlq']) {
      expect(() => consumer(name)).toThrow(/^[^\n]+\.$/);
    }
  });

  test('has its folder, its test and its route, and touches shipped files nowhere', () => {
    const { created, changed, open } = consumer('points', 'shop.order.confirmed.v1,shop.order.cancelled.v1', true);
    expect([...created.keys()]).toEqual([
      'lambdas/points/consumes.ts',
      'lambdas/points/rules.ts',
      'lambdas/points/handler.ts',
      'test/unit/points/rules.test.ts',
    ]);
    expect([...changed.keys()]).toEqual(['infra/custom/routes.ts', 'infra/custom/tables.ts']);
    expect(changed.get('infra/custom/routes.ts')).toContain("recordsOf('Points')");
    expect(created.get('lambdas/points/consumes.ts')).toContain('[orderConfirmed, orderCancelled]');
    expect(open.length).toBeLessThanOrEqual(5);
    expect(existsSync(join(root, 'lambdas', 'points'))).toBe(false);
  });
});

describe('A new event', () => {
  test.each([
    ['', 'cannot be the type of an event'],
    ['loyalty.points', 'such as shop.loyalty.points-granted.v1'],
    ['shop.loyalty.points-granted', 'shop.<who sends it>.<what happened>.v<version>'],
    ['shop.loyalty.Points.v1', 'in small letters'],
    ['shop.loyalty.points.v0', 'cannot be the type of an event'],
    ['shop.order.placed.v1', 'There is an event shop.order.placed.v1 already.'],
    ['shop.payment.halved.v1', 'would come from /shop/payment, as which a shipped function publishes'],
    ['shop.verify.me.v1', 'would come from /shop/verify'],
  ])('cannot have the type %j', (type, sentence) => {
    expect(() => planEvent(type, root)).toThrow(sentence);
    expect(() => planEvent(type, root)).toThrow(/^[^\n]+\.$/);
  });

  test('has its contract, sample, entry and export, and touches shipped files nowhere', () => {
    const { created, changed } = planEvent('shop.points.granted.v1', root);
    expect([...created.keys()].sort()).toEqual([
      'contracts/custom/points.ts',
      'test/contracts/samples/shop.points.granted.v1.json',
    ]);
    expect([...changed.keys()]).toEqual(['contracts/custom/catalog.ts', 'contracts/custom/index.ts']);
    expect(changed.get('contracts/custom/catalog.ts')).toContain('pointsGranted');
    expect(changed.get('contracts/custom/index.ts')).toContain("export * from './points.ts';");
  });
});
